/** @file Granite MoE (GraniteMoeForCausalLM): scaling factors throughout; top-k, then softmax; fused expert tensors. */
import * as v from 'valibot';

import { type Architecture, type GatedFeedForward, type Projection, siluActivation } from '../architecture';
import { rotaryEmbedding } from './rotary';
import {
  commonConfig,
  count,
  decoder,
  decoderLayers,
  groupedQueryAttention,
  headSizeOf,
  projection,
} from './shared';

const config = v.object({
  ...commonConfig,
  attention_bias: v.optional(v.boolean(), false),
  num_local_experts: count,
  num_experts_per_tok: count,
  embedding_multiplier: v.optional(v.number(), 1),
  attention_multiplier: v.optional(v.number(), 1),
  residual_multiplier: v.optional(v.number(), 1),
  logits_scaling: v.optional(v.number(), 1),
});

export const granitemoe = {
  name: 'granitemoe',
  modelTypes: ['granitemoe'],
  describe(raw: unknown): Architecture {
    const c = v.parse(config, raw);
    const { hidden_size: hidden, intermediate_size: width, num_local_experts: experts } = c;
    return {
      family: 'granitemoe',
      ...decoder(c),
      rotary: rotaryEmbedding(c, headSizeOf(c)),
      embeddingScale: c.embedding_multiplier,
      residualScale: c.residual_multiplier,
      logitScale: 1 / c.logits_scaling,
      layers: decoderLayers(c, prefix => ({
        attention: {
          ...groupedQueryAttention(c, prefix, { input: c.attention_bias, output: c.attention_bias }),
          scale: c.attention_multiplier,
        },
        feedForward: {
          kind: 'mixture',
          experts,
          topK: c.num_experts_per_tok,
          routing: { softmax: 'chosen', normalise: false, scale: 1 },
          router: projection(`${prefix}.block_sparse_moe.router.layer`, [experts, hidden]),
          expertWidth: width,
          activation: siluActivation,
          expert: expert => fusedExpert(`${prefix}.block_sparse_moe`, { experts, hidden, width }, expert),
        },
      })),
    };
  },
};

/** Expert `expert` of `input_linear` [experts, 2 × width, hidden], gate first, and `output_linear` [experts, hidden, width]. */
function fusedExpert(
  prefix: string,
  { experts, hidden, width }: { experts: number; hidden: number; width: number },
  expert: number,
): GatedFeedForward {
  const input = (half: number): Projection => ({
    weight: {
      name: `${prefix}.input_linear.weight`,
      shape: [width, hidden],
      part: { of: [experts, 2 * width, hidden], start: (2 * expert + half) * width * hidden },
    },
  });
  return {
    gate: input(0),
    up: input(1),
    down: {
      weight: {
        name: `${prefix}.output_linear.weight`,
        shape: [hidden, width],
        part: { of: [experts, hidden, width], start: expert * hidden * width },
      },
    },
  };
}
