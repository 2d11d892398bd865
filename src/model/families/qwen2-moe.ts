/** @file Qwen2-MoE (Qwen2MoeForCausalLM): biases on queries, keys and values; a shared expert behind a sigmoid gate. */
import * as v from 'valibot';

import type { Architecture } from '../architecture';
import { mixture } from './mixture';
import { qwenConfig, qwenDense } from './qwen';
import { rotaryEmbedding } from './rotary';
import {
  commonConfig,
  count,
  decoder,
  decoderLayers,
  gatedFeedForward,
  groupedQueryAttention,
  headSizeOf,
} from './shared';

const config = v.object({
  ...commonConfig,
  ...qwenConfig,
  qkv_bias: v.optional(v.boolean(), true),
  shared_expert_intermediate_size: count,
});

export const qwen2Moe = {
  name: 'qwen2_moe',
  modelTypes: ['qwen2_moe'],
  describe(raw: unknown): Architecture {
    const c = v.parse(config, raw);
    const hidden = c.hidden_size;
    return {
      family: 'qwen2_moe',
      ...decoder(c),
      rotary: rotaryEmbedding(c, headSizeOf(c)),
      layers: decoderLayers(c, (path, layer) => {
        const prefix = `${path}.mlp`;
        const routed = mixture({
          prefix,
          hidden,
          width: c.moe_intermediate_size,
          experts: c.num_experts,
          topK: c.num_experts_per_tok,
          routing: { normalise: c.norm_topk_prob },
        });
        const shared = {
          expert: gatedFeedForward(`${prefix}.shared_expert`, hidden, c.shared_expert_intermediate_size),
          gate: { name: `${prefix}.shared_expert_gate.weight`, shape: [1, hidden] },
        };
        return {
          attention: groupedQueryAttention(c, path, { input: c.qkv_bias, output: false }),
          feedForward: qwenDense(c, path, layer) ?? { ...routed, shared },
        };
      }),
    };
  },
};
