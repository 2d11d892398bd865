/** @file OLMoE (OlmoeForCausalLM): softmax over all experts, then top-k; norms on whole query and key vectors. */
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
  vector,
} from './shared';

const config = v.object({
  ...commonConfig,
  ...noAttentionBias,
  moe_intermediate_size: v.nullish(count),
  num_experts: count,
  num_experts_per_tok: count,
  norm_topk_prob: v.optional(v.boolean(), false),
  clip_qkv: v.nullish(v.number()),
});

export const olmoe = {
  name: 'olmoe',
  modelTypes: ['olmoe'],
  describe(raw: unknown): Architecture {
    const c = v.parse(config, raw);
    return {
      family: 'olmoe',
      ...decoder(c),
      rotary: rotaryEmbedding(c, headSizeOf(c)),
      layers: decoderLayers(c, prefix => {
        const attention = groupedQueryAttention(c, prefix);
        const { heads, keyValueHeads, headSize } = attention;
        return {
          attention: {
            ...attention,
            norms: {
              of: 'vector',
              query: vector(`${prefix}.self_attn.q_norm.weight`, heads * headSize),
              key: vector(`${prefix}.self_attn.k_norm.weight`, keyValueHeads * headSize),
            },
            clip: c.clip_qkv ?? undefined,
          },
          feedForward: mixture({
            prefix: `${prefix}.mlp`,
            hidden: c.hidden_size,
            width: c.moe_intermediate_size ?? c.intermediate_size,
            experts: c.num_experts,
            topK: c.num_experts_per_tok,
            routing: { normalise: c.norm_topk_prob },
          }),
        };
      }),
    };
  },
};
