/** @file Causal attention over a packed batch, given queries, keys and values. */
import type { FloatTensor, Graph } from '../../engine/graph';
import { add, multiply } from '../../engine/operators/elementwise';
import { batchedProduct } from '../../engine/operators/linear-algebra';
import { softmax, softmaxWithSink } from '../../engine/operators/reduction';
import { placeRows, type RowPlacement } from '../../engine/operators/rows';
import { reshape, transpose } from '../../engine/operators/shaping';
import type { RotaryAngles } from './rotary';

/** What attention must know about the batch. All of it is fed (`packed-batch.ts`). */
export interface BatchInputs extends RotaryAngles {
  /** Packed rows [tokens] ↔ padded sequences [samples, length]. */
  readonly padding: RowPlacement;
  readonly unpadding: RowPlacement;
  /** [length, length]: 0 where a query (row) may see a key (column), −∞ elsewhere. */
  readonly mask: FloatTensor;
}

/** Name of the feed that says which keys a query may see. */
export function maskFeed(window?: number): string {
  return window === undefined ? 'causal_mask' : `causal_mask.${window}`;
}

/** Declares the inputs that describe a batch to the attention of a layer. */
export function declareBatchInputs(
  graph: Graph,
  { rotatedSize, window }: { rotatedSize: number; window?: number },
): BatchInputs {
  const padIndex = graph.input('pad_index', 'int64', ['samples', 'length']);
  const packIndex = graph.input('pack_index', 'int64', ['tokens']);
  return {
    padding: { index: padIndex, inverse: packIndex, indexHasHoles: true },
    unpadding: { index: packIndex, inverse: padIndex, inverseHasHoles: true },
    mask: graph.input(maskFeed(window), 'float32', ['length', 'length']),
    cos: graph.input('rope_cos', 'float32', ['tokens', 1, rotatedSize / 2]),
    sin: graph.input('rope_sin', 'float32', ['tokens', 1, rotatedSize / 2]),
  };
}

export interface Attended {
  /** [tokens, heads × value size] */
  readonly values: FloatTensor;
  /** [samples, key/value heads, queries a key head, length, length]: softmax over the last axis. */
  readonly probabilities: FloatTensor;
  /** Values that are dear to compute and that the backward pass reads. */
  readonly worthSaving: readonly FloatTensor[];
}

/**
 * @param query [tokens, heads, size]
 * @param key [tokens, key/value heads, size]
 * @param value [tokens, key/value heads, value size]
 * @param scale factor on query · key
 * @param sinks [heads]
 */
export function attend(
  { query, key, value }: Record<'query' | 'key' | 'value', FloatTensor>,
  batch: BatchInputs,
  scale: number,
  sinks?: FloatTensor,
): Attended {
  const { graph } = query;
  const [heads, keyHeads] = [query.shape[1] as number, key.shape[1] as number];
  const group = heads / keyHeads;
  // [tokens, heads, size] → [samples, length, key/value heads, heads of a group, size], reordered
  const asSequences = (vectors: FloatTensor, perKeyHead: number, order: number[]): FloatTensor => {
    const size = vectors.shape[2] as number;
    const padded = placeRows(reshape(vectors, ['tokens', keyHeads * perKeyHead * size]), batch.padding);
    return transpose(reshape(padded, ['samples', 'length', keyHeads, perKeyHead, size]), order);
  };
  const queries = asSequences(multiply(query, graph.float(scale)), group, [0, 2, 3, 1, 4]);
  const keys = asSequences(key, 1, [0, 2, 3, 4, 1]);
  const values = asSequences(value, 1, [0, 2, 3, 1, 4]);
  const scores = add(batchedProduct(queries, keys), batch.mask);
  const probabilities = sinks
    ? softmaxWithSink(scores, reshape(sinks, [keyHeads, group, 1, 1]))
    : softmax(scores);
  const attended = transpose(batchedProduct(probabilities, values), [0, 3, 1, 2, 4]);
  const width = heads * (value.shape[2] as number);
  const packed = placeRows(reshape(attended, ['samples', 'length', width]), batch.unpadding);
  return { values: packed, probabilities, worthSaving: [queries, keys, values, probabilities, packed] };
}
