/** @file What the families read from `config.json` beside what the golden checkpoints show. */
import { describe, expect, it } from 'vitest';

import { type Architecture, expertCounts, moeLayers } from '../architecture';
import { requiredWeights } from '../required-weights';
import { families, familyOf } from '.';

const common = {
  vocab_size: 32,
  hidden_size: 16,
  intermediate_size: 12,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  num_experts_per_tok: 2,
  rms_norm_eps: 1e-5,
  rope_theta: 5000,
  max_position_embeddings: 128,
};
const qwen = { ...common, num_experts: 6, moe_intermediate_size: 8 };
const deepseek = {
  ...common,
  model_type: 'deepseek_v2',
  n_routed_experts: 6,
  n_shared_experts: 2,
  moe_intermediate_size: 8,
  first_k_dense_replace: 1,
  kv_lora_rank: 6,
  qk_nope_head_dim: 4,
  qk_rope_head_dim: 2,
  v_head_dim: 3,
};
const configs: Record<string, Record<string, unknown> & { model_type: string }> = {
  olmoe: { ...common, model_type: 'olmoe', num_experts: 6 },
  mixtral: { ...common, model_type: 'mixtral', num_local_experts: 6 },
  qwen2_moe: { ...qwen, model_type: 'qwen2_moe', shared_expert_intermediate_size: 10 },
  qwen3_moe: { ...qwen, model_type: 'qwen3_moe' },
  granitemoe: { ...common, model_type: 'granitemoe', num_local_experts: 6 },
  minicpm_moe: { ...common, model_type: 'minicpm', num_experts: 6, scale_depth: 1.4, dim_model_base: 8 },
  deepseek_v2: deepseek,
  gpt_oss: { ...common, model_type: 'gpt_oss', num_local_experts: 6, sliding_window: 5 },
};

function architecture(name: string, change: Record<string, unknown> = {}): Architecture {
  const family = familyOf(configs[name].model_type);
  if (!family) throw new Error(`no family for ${name}`);
  return family.describe({ ...configs[name], ...change });
}

/** Stored tensors with their shapes. */
function stored(name: string, change: Record<string, unknown> = {}): Record<string, readonly number[]> {
  const weights = requiredWeights(architecture(name, change));
  return Object.fromEntries(weights.map(({ name, shape }) => [name, shape]));
}

const windows = (name: string, change: Record<string, unknown>): (number | undefined)[] =>
  architecture(name, change).layers.map(({ attention }) => attention.window);

it('every family is looked at here', () => {
  expect(Object.keys(configs)).toEqual(families.map(({ name }) => name));
});

describe.each(Object.keys(configs))('%s', name => {
  it('is found by its model type and named after itself', () => {
    expect(architecture(name).family).toBe(name);
    expect(expertCounts(architecture(name))).toEqual({ experts: 6, topK: 2 });
  });

  it('reads both spellings of the rotary embedding', () => {
    const recent = architecture(name, {
      rope_theta: undefined,
      rope_parameters: { rope_type: 'default', rope_theta: 5000 },
      dtype: 'float32',
    });
    expect(JSON.stringify(recent)).toBe(JSON.stringify(architecture(name)));
  });

  it('shares the embedding with the head where config.json says so', () => {
    const tied = stored(name, { tie_word_embeddings: true });
    expect(Object.keys(tied)).not.toContain('lm_head.weight');
    expect(stored(name, { tie_word_embeddings: false })).toEqual({ ...tied, 'lm_head.weight': [32, 16] });
  });

  it('refuses what it does not know by the name of the field', () => {
    expect(() => architecture(name, { hidden_act: 'gelu' })).toThrow('"silu"');
    expect(() => architecture(name, { rope_scaling: { type: 'llama3' } })).toThrow('"llama3"');
    expect(() => architecture(name, { num_experts_per_tok: 0 })).toThrow();
  });
});

describe('layers without a router', () => {
  it('Qwen: by list and by step', () => {
    expect(moeLayers(architecture('qwen2_moe', { mlp_only_layers: [1, 3] }))).toEqual([0, 2]);
    expect(moeLayers(architecture('qwen3_moe', { decoder_sparse_step: 2 }))).toEqual([1, 3]);
    expect(moeLayers(architecture('qwen3_moe', { decoder_sparse_step: 2, mlp_only_layers: [3] }))).toEqual([
      1,
    ]);
    expect(stored('qwen3_moe', { mlp_only_layers: [0] })['model.layers.0.mlp.up_proj.weight']).toEqual([
      12, 16,
    ]);
  });

  it('DeepSeek: the first ones', () => {
    expect(moeLayers(architecture('deepseek_v2', { first_k_dense_replace: 3 }))).toEqual([3]);
  });
});

describe('sliding windows', () => {
  it('Mixtral: in all layers or in none', () => {
    expect(windows('mixtral', { sliding_window: 7 })).toEqual([7, 7, 7, 7]);
    expect(windows('mixtral', { sliding_window: null })).toEqual(Array(4).fill(undefined));
  });

  it('GPT-OSS: by the type of the layer; every other layer where no types are given', () => {
    const types = ['full_attention', 'full_attention', 'sliding_attention', 'full_attention'];
    expect(windows('gpt_oss', { layer_types: types })).toEqual([undefined, undefined, 5, undefined]);
    expect(windows('gpt_oss', {})).toEqual([5, undefined, 5, undefined]);
    expect(() => windows('gpt_oss', { layer_types: types.slice(1) })).toThrow('layer_types names 3 layers');
  });
});

describe('biases of attention', () => {
  const biases = (name: string, change: Record<string, unknown> = {}): string[] =>
    Object.keys(stored(name, change)).filter(tensor => /layers\.0\.self_attn\..*bias$/.test(tensor));
  const named = (letters: string): string[] =>
    [...letters].map(letter => `model.layers.0.self_attn.${letter}_proj.bias`);

  it('are asked for where the family has them', () => {
    expect(biases('qwen2_moe')).toEqual(named('qkv'));
    expect(biases('qwen3_moe')).toEqual([]);
    expect(biases('qwen3_moe', { attention_bias: true })).toEqual(named('qkvo'));
    expect(biases('granitemoe', { attention_bias: true })).toEqual(named('qkvo'));
    expect(biases('gpt_oss')).toEqual(named('qkvo'));
  });
});

describe('fused experts', () => {
  it('Granite: rows of the expert, gate before up', () => {
    const [layer] = architecture('granitemoe').layers;
    if (layer.feedForward.kind !== 'mixture') throw new Error('no router');
    const { gate, up, down } = layer.feedForward.expert(2);
    expect(gate.weight.part).toEqual({ of: [6, 24, 16], start: 2 * 24 * 16 });
    expect(up.weight.part).toEqual({ of: [6, 24, 16], start: 2 * 24 * 16 + 12 * 16 });
    expect(down.weight.part).toEqual({ of: [6, 16, 12], start: 2 * 16 * 12 });
  });

  it('are stored as one tensor a layer', () => {
    expect(stored('granitemoe')['model.layers.3.block_sparse_moe.input_linear.weight']).toEqual([6, 24, 16]);
    expect(stored('gpt_oss')['model.layers.3.mlp.experts.gate_up_proj']).toEqual([6, 16, 24]);
    expect(stored('gpt_oss')['model.layers.3.mlp.experts.down_proj_bias']).toEqual([6, 16]);
  });
});

describe('options that are not supported', () => {
  it.each([
    ['deepseek_v2', { q_lora_rank: 8 }, 'q_lora_rank'],
    ['deepseek_v2', { topk_method: 'group_limited_greedy', n_group: 2, topk_group: 1 }, 'topk_method'],
    ['deepseek_v2', { scoring_func: 'sigmoid' }, 'scoring_func'],
    ['deepseek_v2', { moe_layer_freq: 2 }, 'moe_layer_freq'],
    ['qwen2_moe', { use_sliding_window: true }, 'use_sliding_window'],
    ['olmoe', { attention_bias: true }, 'attention_bias'],
  ])('%s with %o', (name, change, field) => {
    expect(() => architecture(name, change)).toThrow(
      expect.objectContaining({
        issues: [expect.objectContaining({ path: [expect.objectContaining({ key: field })] })],
      }),
    );
  });

  it('heads that do not fit together', () => {
    expect(() => architecture('mixtral', { num_key_value_heads: 3 })).toThrow('4 query heads cannot share 3');
  });
});
