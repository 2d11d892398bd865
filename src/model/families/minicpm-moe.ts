/** @file MiniCPM-MoE (MiniCPMForCausalLM): scaled embeddings, residuals and head; renormalised weights. */
import * as v from 'valibot';

import type { Architecture } from '../architecture';
import { mixture } from './mixture';
import { rotaryEmbedding } from './rotary';
import {
  commonConfig,
  count,
  decoder,
  decoderLayers,
  groupedQueryAttention,
  headSizeOf,
  noAttentionBias,
} from './shared';

const config = v.object({
  ...commonConfig,
  ...noAttentionBias,
  tie_word_embeddings: v.optional(v.boolean(), true),
  num_experts: count,
  num_experts_per_tok: count,
  scale_emb: v.optional(v.number(), 1),
  scale_depth: v.number(),
  dim_model_base: count,
});

export const minicpmMoe = {
  name: 'minicpm_moe',
  modelTypes: ['minicpm', 'minicpm_moe'],
  describe(raw: unknown): Architecture {
    const c = v.parse(config, raw);
    return {
      family: 'minicpm_moe',
      ...decoder(c),
      rotary: rotaryEmbedding(c, headSizeOf(c)),
      embeddingScale: c.scale_emb,
      residualScale: c.scale_depth / Math.sqrt(c.num_hidden_layers),
      logitScale: c.dim_model_base / c.hidden_size,
      layers: decoderLayers(c, prefix => ({
        attention: groupedQueryAttention(c, prefix),
        feedForward: mixture({
          prefix: `${prefix}.mlp`,
          hidden: c.hidden_size,
          width: c.intermediate_size,
          experts: c.num_experts,
          topK: c.num_experts_per_tok,
          routing: { normalise: true },
          names: { gate: 'w1', up: 'w3', down: 'w2' },
        }),
      })),
    };
  },
};
