/** @file Mixtral (MixtralForCausalLM): the chosen experts' weights are renormalised; a sliding window in all layers. */
import * as v from 'valibot';

import type { Architecture } from '../architecture';
import { mixture } from './mixture';
import { rotaryEmbedding } from './rotary';
import { commonConfig, count, decoder, decoderLayers, groupedQueryAttention, headSizeOf } from './shared';

const config = v.object({
  ...commonConfig,
  num_local_experts: count,
  num_experts_per_tok: count,
  sliding_window: v.nullish(count),
});

export const mixtral = {
  name: 'mixtral',
  modelTypes: ['mixtral'],
  describe(raw: unknown): Architecture {
    const c = v.parse(config, raw);
    return {
      family: 'mixtral',
      ...decoder(c),
      rotary: rotaryEmbedding(c, headSizeOf(c)),
      layers: decoderLayers(c, prefix => ({
        attention: { ...groupedQueryAttention(c, prefix), window: c.sliding_window ?? undefined },
        feedForward: mixture({
          prefix: `${prefix}.block_sparse_moe`,
          hidden: c.hidden_size,
          width: c.intermediate_size,
          experts: c.num_local_experts,
          topK: c.num_experts_per_tok,
          routing: { normalise: true },
          names: { gate: 'w1', up: 'w3', down: 'w2' },
        }),
      })),
    };
  },
};
