/** @file Qwen3-MoE (Qwen3MoeForCausalLM): norms on the queries and keys of each head. */
import * as v from 'valibot';

import type { Architecture } from '../architecture';
import { mixture } from './mixture';
import { qwenConfig, qwenDense } from './qwen';
import { rotaryEmbedding } from './rotary';
import { commonConfig, decoder, decoderLayers, groupedQueryAttention, headSizeOf, vector } from './shared';

const config = v.object({
  ...commonConfig,
  ...qwenConfig,
  attention_bias: v.optional(v.boolean(), false),
});

export const qwen3Moe = {
  name: 'qwen3_moe',
  modelTypes: ['qwen3_moe'],
  describe(raw: unknown): Architecture {
    const c = v.parse(config, raw);
    const headSize = headSizeOf(c);
    return {
      family: 'qwen3_moe',
      ...decoder(c),
      rotary: rotaryEmbedding(c, headSize),
      layers: decoderLayers(c, (prefix, layer) => ({
        attention: {
          ...groupedQueryAttention(c, prefix, { input: c.attention_bias, output: c.attention_bias }),
          norms: {
            of: 'head',
            query: vector(`${prefix}.self_attn.q_norm.weight`, headSize),
            key: vector(`${prefix}.self_attn.k_norm.weight`, headSize),
          },
        },
        feedForward:
          qwenDense(c, prefix, layer) ??
          mixture({
            prefix: `${prefix}.mlp`,
            hidden: c.hidden_size,
            width: c.moe_intermediate_size,
            experts: c.num_experts,
            topK: c.num_experts_per_tok,
            routing: { normalise: c.norm_topk_prob },
          }),
      })),
    };
  },
};
