/** @file GPT-OSS (GptOssForCausalLM): attention sinks, sliding windows, biases everywhere, clamped and fused experts. */
import * as v from 'valibot';

import type { Architecture, GatedFeedForward, Projection, WeightReference } from '../architecture';
import { rotaryEmbedding } from './rotary';
import {
  commonConfig,
  count,
  decoder,
  decoderLayers,
  groupedQueryAttention,
  headSizeOf,
  projection,
  vector,
} from './shared';

const config = v.object({
  ...commonConfig,
  attention_bias: v.optional(v.boolean(), true),
  num_local_experts: count,
  num_experts_per_tok: count,
  sliding_window: v.nullish(count),
  layer_types: v.nullish(v.array(v.picklist(['sliding_attention', 'full_attention']))),
  swiglu_limit: v.optional(v.number(), 7),
});

/** Slope of the sigmoid in the experts' activation. */
const slope = 1.702;

export const gptOss = {
  name: 'gpt_oss',
  modelTypes: ['gpt_oss'],
  describe(raw: unknown): Architecture {
    const c = v.parse(config, raw);
    if (c.layer_types && c.layer_types.length !== c.num_hidden_layers)
      throw new Error(
        `layer_types names ${c.layer_types.length} layers, num_hidden_layers ${c.num_hidden_layers}`,
      );
    const { hidden_size: hidden, intermediate_size: width, num_local_experts: experts } = c;
    return {
      family: 'gpt_oss',
      ...decoder(c),
      rotary: rotaryEmbedding(c, headSizeOf(c)),
      layers: decoderLayers(c, (prefix, layer) => ({
        attention: {
          ...groupedQueryAttention(c, prefix, { input: c.attention_bias, output: c.attention_bias }),
          sinks: vector(`${prefix}.self_attn.sinks`, c.num_attention_heads),
          window: slidingWindow(c, layer),
        },
        feedForward: {
          kind: 'mixture',
          experts,
          topK: c.num_experts_per_tok,
          routing: { softmax: 'chosen', normalise: false, scale: 1 },
          router: projection(`${prefix}.mlp.router`, [experts, hidden], true),
          expertWidth: width,
          activation: { kind: 'clamped', limit: c.swiglu_limit, slope },
          expert: expert => fusedExpert(`${prefix}.mlp.experts`, { experts, hidden, width }, expert),
        },
      })),
    };
  },
};

/** Size of a layer's sliding window, if it has one. Without `layer_types` every other layer has, beginning with the first. */
function slidingWindow(c: v.InferOutput<typeof config>, layer: number): number | undefined {
  const slides = c.layer_types ? c.layer_types[layer] === 'sliding_attention' : layer % 2 === 0;
  return slides ? (c.sliding_window ?? undefined) : undefined;
}

/**
 * Expert `expert` of `gate_up_proj` [experts, hidden, 2 × width], whose columns alternate between gate and up, and
 * `down_proj` [experts, width, hidden]; both the other way round than linear layers.
 */
function fusedExpert(
  prefix: string,
  { experts, hidden, width }: { experts: number; hidden: number; width: number },
  expert: number,
): GatedFeedForward {
  const part = (name: string, block: readonly number[], first?: number): WeightReference => ({
    name: `${prefix}.${name}`,
    shape: first === undefined ? block : block.with(-1, width),
    part: {
      of: [experts, ...block],
      start: expert * block.reduce((product, length) => product * length, 1),
      ...(first === undefined ? {} : { interleaved: { first, step: 2 } }),
    },
    transposed: block.length === 2,
  });
  const columns = (first: number): Projection => ({
    weight: part('gate_up_proj', [hidden, 2 * width], first),
    bias: part('gate_up_proj_bias', [2 * width], first),
  });
  return {
    gate: columns(0),
    up: columns(1),
    down: { weight: part('down_proj', [width, hidden]), bias: part('down_proj_bias', [hidden]) },
  };
}
