/** @file What Qwen2-MoE and Qwen3-MoE share. */
import * as v from 'valibot';

import type { DenseFeedForward } from '../architecture';
import { type CommonConfig, count, gatedFeedForward } from './shared';

const layerIndex = v.pipe(v.number(), v.integer(), v.minValue(0));

export const qwenConfig = {
  moe_intermediate_size: count,
  num_experts: count,
  num_experts_per_tok: count,
  norm_topk_prob: v.optional(v.boolean(), false),
  decoder_sparse_step: v.optional(count, 1),
  mlp_only_layers: v.nullish(v.array(layerIndex)),
  use_sliding_window: v.optional(v.literal(false), false),
};
type QwenConfig = CommonConfig & v.InferOutput<v.ObjectSchema<typeof qwenConfig, undefined>>;

/** The dense feed-forward layer of a layer without router; undefined where there is a router. */
export function qwenDense(c: QwenConfig, prefix: string, layer: number): DenseFeedForward | undefined {
  const routed = !c.mlp_only_layers?.includes(layer) && (layer + 1) % c.decoder_sparse_step === 0;
  if (routed) return undefined;
  return { kind: 'dense', ...gatedFeedForward(`${prefix}.mlp`, c.hidden_size, c.intermediate_size) };
}
