/** @file DeepSeek-V2 (DeepseekV2ForCausalLM), as V2-Lite: latent attention, dense first layers, plain shared experts. */
import * as v from 'valibot';

import type { Architecture, FeedForward, LatentAttention } from '../architecture';
import { mixture } from './mixture';
import { rotaryEmbedding, yarnScoreFactor } from './rotary';
import {
  commonConfig,
  count,
  decoder,
  decoderLayers,
  gatedFeedForward,
  noAttentionBias,
  projection,
  vector,
} from './shared';

const config = v.object({
  ...commonConfig,
  ...noAttentionBias,
  moe_intermediate_size: count,
  n_routed_experts: count,
  n_shared_experts: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0))),
  num_experts_per_tok: count,
  first_k_dense_replace: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
  moe_layer_freq: v.optional(v.literal(1), 1),
  routed_scaling_factor: v.optional(v.number(), 1),
  scoring_func: v.optional(v.literal('softmax'), 'softmax'),
  topk_method: v.optional(v.literal('greedy'), 'greedy'),
  q_lora_rank: v.nullish(v.null_()),
  kv_lora_rank: count,
  qk_nope_head_dim: count,
  qk_rope_head_dim: count,
  v_head_dim: count,
});
type Config = v.InferOutput<typeof config>;

/** The norm of the latent vector has an epsilon of its own, whatever `rms_norm_eps` says. */
const latentNormEpsilon = 1e-6;

export const deepseekV2 = {
  name: 'deepseek_v2',
  modelTypes: ['deepseek_v2'],
  describe(raw: unknown): Architecture {
    const c = v.parse(config, raw);
    return {
      family: 'deepseek_v2',
      ...decoder(c),
      rotary: rotaryEmbedding(c, c.qk_rope_head_dim),
      layers: decoderLayers(c, (prefix, layer) => ({
        attention: latentAttention(c, `${prefix}.self_attn`),
        feedForward: feedForward(c, `${prefix}.mlp`, layer),
      })),
    };
  },
};

function latentAttention(c: Config, prefix: string): LatentAttention {
  const { num_attention_heads: heads, hidden_size: hidden, kv_lora_rank: latentSize } = c;
  const { qk_nope_head_dim: plainSize, qk_rope_head_dim: rotatedSize, v_head_dim: valueSize } = c;
  const keySize = plainSize + rotatedSize;
  return {
    kind: 'latent',
    heads,
    plainSize,
    rotatedSize,
    valueSize,
    latentSize,
    scale: keySize ** -0.5 * yarnScoreFactor(c),
    query: projection(`${prefix}.q_proj`, [heads * keySize, hidden]),
    compress: projection(`${prefix}.kv_a_proj_with_mqa`, [latentSize + rotatedSize, hidden]),
    latentNorm: vector(`${prefix}.kv_a_layernorm.weight`, latentSize),
    latentNormEpsilon,
    expand: projection(`${prefix}.kv_b_proj`, [heads * (plainSize + valueSize), latentSize]),
    output: projection(`${prefix}.o_proj`, [hidden, heads * valueSize]),
  };
}

function feedForward(c: Config, prefix: string, layer: number): FeedForward {
  const { hidden_size: hidden, moe_intermediate_size: width, n_shared_experts: shared } = c;
  if (layer < c.first_k_dense_replace)
    return { kind: 'dense', ...gatedFeedForward(prefix, hidden, c.intermediate_size) };
  const routed = mixture({
    prefix,
    hidden,
    width,
    experts: c.n_routed_experts,
    topK: c.num_experts_per_tok,
    routing: { scale: c.routed_scaling_factor },
  });
  if (!shared) return routed;
  return {
    ...routed,
    shared: { expert: gatedFeedForward(`${prefix}.shared_experts`, hidden, width * shared) },
  };
}
