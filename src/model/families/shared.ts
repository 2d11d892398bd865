/** @file What the families share: common fields of `config.json` in both spellings, and tensors under common names. */
import * as v from 'valibot';

import type {
  Architecture,
  GatedFeedForward,
  GroupedQueryAttention,
  LayerArchitecture,
  Projection,
  WeightReference,
} from '../architecture';
import { ropeConfig } from './rotary';

/** A whole number of at least one. */
export const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const positive = v.pipe(v.number(), v.gtValue(0));

/** Fields of `config.json` that every family has. */
export const commonConfig = {
  model_type: v.string(),
  vocab_size: count,
  hidden_size: count,
  intermediate_size: count,
  num_hidden_layers: count,
  num_attention_heads: count,
  num_key_value_heads: v.nullish(count),
  head_dim: v.nullish(count),
  hidden_act: v.optional(v.literal('silu'), 'silu'),
  rms_norm_eps: positive,
  max_position_embeddings: v.optional(count, 4096),
  tie_word_embeddings: v.optional(v.boolean(), false),
  ...ropeConfig,
};
export type CommonConfig = v.InferOutput<v.ObjectSchema<typeof commonConfig, undefined>>;

/** For families without biases in their attention. */
export const noAttentionBias = { attention_bias: v.optional(v.literal(false), false) };

/** Sizes and the tensors outside of the layers, under the names that all families use; no scaling factors. */
export function decoder(c: CommonConfig): Omit<Architecture, 'family' | 'rotary' | 'layers'> {
  const embedding = { name: 'model.embed_tokens.weight', shape: [c.vocab_size, c.hidden_size] };
  return {
    hiddenSize: c.hidden_size,
    vocabularySize: c.vocab_size,
    normEpsilon: c.rms_norm_eps,
    maxPositions: c.max_position_embeddings,
    embedding,
    embeddingScale: 1,
    residualScale: 1,
    finalNorm: { name: 'model.norm.weight', shape: [c.hidden_size] },
    head: c.tie_word_embeddings ? embedding : { name: 'lm_head.weight', shape: embedding.shape },
    logitScale: 1,
  };
}

/** The layers: norms under the names that all families use, the rest by the family. */
export function decoderLayers(
  c: CommonConfig,
  parts: (prefix: string, layer: number) => Pick<LayerArchitecture, 'attention' | 'feedForward'>,
): LayerArchitecture[] {
  return Array.from({ length: c.num_hidden_layers }, (_, layer) => {
    const prefix = `model.layers.${layer}`;
    return {
      inputNorm: vector(`${prefix}.input_layernorm.weight`, c.hidden_size),
      postAttentionNorm: vector(`${prefix}.post_attention_layernorm.weight`, c.hidden_size),
      ...parts(prefix, layer),
    };
  });
}

export function headSizeOf(c: CommonConfig): number {
  return c.head_dim ?? c.hidden_size / c.num_attention_heads;
}

/** Grouped-query attention under the names that all families use, scaled by 1 / √(head size). */
export function groupedQueryAttention(
  c: CommonConfig,
  prefix: string,
  biases: { readonly input: boolean; readonly output: boolean } = { input: false, output: false },
): GroupedQueryAttention {
  const headSize = headSizeOf(c);
  const keyValueHeads = c.num_key_value_heads ?? c.num_attention_heads;
  if (c.num_attention_heads % keyValueHeads !== 0)
    throw new Error(`${c.num_attention_heads} query heads cannot share ${keyValueHeads} key heads evenly`);
  const [queryWidth, keyWidth] = [c.num_attention_heads * headSize, keyValueHeads * headSize];
  const linear = (name: string, out: number, into: number, bias: boolean): Projection =>
    projection(`${prefix}.self_attn.${name}`, [out, into], bias);
  return {
    kind: 'grouped',
    heads: c.num_attention_heads,
    keyValueHeads,
    headSize,
    scale: headSize ** -0.5,
    query: linear('q_proj', queryWidth, c.hidden_size, biases.input),
    key: linear('k_proj', keyWidth, c.hidden_size, biases.input),
    value: linear('v_proj', keyWidth, c.hidden_size, biases.input),
    output: linear('o_proj', c.hidden_size, queryWidth, biases.output),
  };
}

/** A linear layer `name`.weight [out, in] and, if it has one, `name`.bias [out]. */
export function projection(name: string, shape: readonly [number, number], bias = false): Projection {
  const weight = { name: `${name}.weight`, shape };
  return bias ? { weight, bias: vector(`${name}.bias`, shape[0]) } : { weight };
}

export function vector(name: string, length: number): WeightReference {
  return { name, shape: [length] };
}

/** Names of a gated feed-forward layer's projections. */
export const projectionNames = { gate: 'gate_proj', up: 'up_proj', down: 'down_proj' };

/** A gated feed-forward layer of three linear layers. */
export function gatedFeedForward(
  prefix: string,
  hidden: number,
  width: number,
  names = projectionNames,
): GatedFeedForward {
  return {
    gate: projection(`${prefix}.${names.gate}`, [width, hidden]),
    up: projection(`${prefix}.${names.up}`, [width, hidden]),
    down: projection(`${prefix}.${names.down}`, [hidden, width]),
  };
}
