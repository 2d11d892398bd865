/** @file What the families share: common fields of `config.json` in both spellings, and names of common tensors. */
import * as v from 'valibot';

import type { Architecture, RotaryEmbedding } from '../architecture';

/** A whole number of at least one. */
export const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const positive = v.pipe(v.number(), v.gtValue(0));

/** `rope_scaling` (transformers 4) or part of `rope_parameters` (transformers 5). */
const ropeScaling = v.looseObject({ type: v.optional(v.string()), rope_type: v.optional(v.string()) });

/** Fields of `config.json` that every family has. */
export const commonConfig = {
  model_type: v.string(),
  vocab_size: count,
  hidden_size: count,
  intermediate_size: count,
  moe_intermediate_size: v.nullish(count),
  num_hidden_layers: count,
  num_attention_heads: count,
  num_key_value_heads: v.nullish(count),
  head_dim: v.nullish(count),
  hidden_act: v.optional(v.literal('silu'), 'silu'),
  rms_norm_eps: positive,
  max_position_embeddings: v.optional(count, 4096),
  tie_word_embeddings: v.optional(v.boolean(), false),
  attention_bias: v.optional(v.literal(false), false),
  rope_theta: v.nullish(positive),
  rope_scaling: v.nullish(ropeScaling),
  rope_parameters: v.nullish(v.looseObject({ ...ropeScaling.entries, rope_theta: v.optional(positive) })),
};
type CommonConfig = v.InferOutput<v.ObjectSchema<typeof commonConfig, undefined>>;

/** Sizes and the tensors outside of the layers, under the names that all families use. */
export function decoderTensors(
  c: CommonConfig,
): Pick<
  Architecture,
  'hiddenSize' | 'vocabularySize' | 'normEpsilon' | 'maxPositions' | 'embedding' | 'finalNorm' | 'head'
> {
  const embedding = { name: 'model.embed_tokens.weight', shape: [c.vocab_size, c.hidden_size] };
  return {
    hiddenSize: c.hidden_size,
    vocabularySize: c.vocab_size,
    normEpsilon: c.rms_norm_eps,
    maxPositions: c.max_position_embeddings,
    embedding,
    finalNorm: { name: 'model.norm.weight', shape: [c.hidden_size] },
    head: c.tie_word_embeddings ? embedding : { name: 'lm_head.weight', shape: embedding.shape },
  };
}

/**
 * Rotary embedding without scaling: inverse frequency i is theta^(−2i / size).
 * @throws Error if the configuration asks for a scaling
 */
export function plainRotary(c: CommonConfig, size: number): RotaryEmbedding {
  const scaling = c.rope_parameters ?? c.rope_scaling;
  const kind = scaling?.rope_type ?? scaling?.type ?? 'default';
  if (kind !== 'default')
    throw new Error(`rotary embeddings of type "${kind}" are not supported for this family`);
  const theta = c.rope_parameters?.rope_theta ?? c.rope_theta ?? 10_000;
  return { inverseFrequencies: Array.from({ length: size / 2 }, (_, i) => theta ** ((-2 * i) / size)) };
}
