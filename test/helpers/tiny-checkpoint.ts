/** @file A small checkpoint (OLMoE, or as asked for) with random weights and a byte-level tokenizer, written by the tests that need one. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { Random } from '../../src/common/random';
import type { Architecture } from '../../src/model/architecture';
import { type TensorToWrite, writeSafetensors } from '../../src/model/checkpoint/safetensors-writer';
import { familyOf } from '../../src/model/families';
import { requiredWeights } from '../../src/model/required-weights';
import { byteCharacters } from '../../src/model/tokenizer/byte-alphabet';

export const tinyConfig = {
  model_type: 'olmoe',
  vocab_size: 260,
  hidden_size: 16,
  intermediate_size: 8,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 2,
  num_experts: 4,
  num_experts_per_tok: 2,
  max_position_embeddings: 512,
  rms_norm_eps: 1e-5,
  rope_theta: 10_000,
  pad_token_id: 1,
};

const specialTokens = ['<|endoftext|>', '<|padding|>', '<|user|>', '<|assistant|>'];

/** Id of the token that stands for a byte. */
export function byteTokenId(byte: number): number {
  return specialTokens.length + byte;
}

const chatTemplate =
  "{{ bos_token }}{% for message in messages %}{{ '<|user|>\\n' + message['content'] + '\\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}";

/** A small GPT-OSS: fused experts, routers with biases. */
export const tinyGptOss = {
  ...tinyConfig,
  model_type: 'gpt_oss',
  num_local_experts: 4,
  sliding_window: 4,
  layer_types: ['sliding_attention', 'full_attention'],
};

/** A small DeepSeek-V2: latent attention, a first layer without a router. */
export const tinyDeepseek = {
  ...tinyConfig,
  model_type: 'deepseek_v2',
  ...{ moe_intermediate_size: 8, n_routed_experts: 4, n_shared_experts: 2, first_k_dense_replace: 1 },
  ...{ kv_lora_rank: 6, qk_nope_head_dim: 8, qk_rope_head_dim: 4, v_head_dim: 6, q_lora_rank: null },
};

/** A small Qwen3-MoE whose first layer has no router. */
export const tinyQwen3 = {
  ...tinyConfig,
  model_type: 'qwen3_moe',
  moe_intermediate_size: 8,
  mlp_only_layers: [0],
};

/** Weights of every tensor that `config` asks for: norms 1, all else normal with a deviation of 0.3. */
export function tinyWeights(seed = 0, config: { model_type: string } = tinyConfig): TensorToWrite[] {
  const random = new Random(seed);
  return requiredWeights(tinyArchitecture(config)).map(({ name, shape }) => {
    const length = shape.reduce((product, dimension) => product * dimension, 1);
    const value = name.includes('norm') ? () => 1 : () => 0.3 * random.normal();
    return { name, dtype: 'F32', shape, data: Float32Array.from({ length }, value) };
  });
}

/** The architecture that a configuration describes. */
export function tinyArchitecture(config: { model_type: string }): Architecture {
  const family = familyOf(config.model_type);
  if (!family) throw new Error(`no family "${config.model_type}"`);
  return family.describe(config);
}

/** Writes a complete checkpoint into `folder` and returns the folder. */
export function writeTinyCheckpoint(
  folder: string,
  weights: readonly TensorToWrite[] = tinyWeights(),
  config: { model_type: string } = tinyConfig,
): string {
  mkdirSync(folder, { recursive: true });
  const writeJson = (name: string, value: unknown): void =>
    writeFileSync(path.join(folder, name), JSON.stringify(value));
  writeJson('config.json', config);
  writeJson('tokenizer.json', tokenizer());
  writeJson('tokenizer_config.json', {
    bos_token: specialTokens[0],
    eos_token: specialTokens[0],
    pad_token: specialTokens[1],
    chat_template: chatTemplate,
  });
  writeSafetensors(path.join(folder, 'model.safetensors'), weights);
  return folder;
}

/** A token for each byte, no merges. */
function tokenizer(): unknown {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: true };
  const tokens = [...specialTokens, ...byteCharacters];
  return {
    added_tokens: specialTokens.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: byteLevel,
    decoder: byteLevel,
    model: { type: 'BPE', vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), merges: [] },
  };
}
