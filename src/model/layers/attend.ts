/** @file Causal attention over a packed batch, given queries, keys and values. */
import type { FloatTensor, Graph } from '../../engine/graph';
import { add, multiply } from '../../engine/operators/elementwise';
import type { RotaryAngles } from '../../engine/operators/fused';
import { gather } from '../../engine/operators/indexing';
import { batchedProduct } from '../../engine/operators/linear-algebra';
import { softmax, softmaxWithSink } from '../../engine/operators/reduction';
import { type Holes, placeRows, type RowPlacement } from '../../engine/operators/rows';
import { joinAlong, reshape, transpose } from '../../engine/operators/shaping';
import type { Dimension } from '../../engine/shape';

/** What attention must know about the batch. All of it is fed (`packed-batch.ts`). */
export interface BatchInputs {
  /** Packed tokens [tokens] → keys of padded sequences [samples, length]. */
  readonly keyPadding: RowPlacement;
  /** Packed rows [rows] → queries of padded sequences [samples, queries], and back. */
  readonly queryPadding: RowPlacement;
  readonly queryUnpadding: RowPlacement;
  /**
   * [queries, length], or [samples, 1, 1, queries, length], or with a past [samples, 1, 1, queries, past + length]: 0
   * where a query may see a key, −∞ elsewhere.
   */
  readonly mask: FloatTensor;
  readonly keyAngles: RotaryAngles;
  readonly queryAngles: RotaryAngles;
  /** Packed tokens [tokens] → the rows [rows] that the layer goes on with. undefined: all tokens. */
  readonly rows?: RowPlacement;
  /** Whether keys and values of earlier tokens are fed. */
  readonly hasPast: boolean;
}

/** Name of the feed that says which keys a query may see. */
export function maskFeed(window?: number): string {
  return window === undefined ? 'causal_mask' : `causal_mask.${window}`;
}

/** Its counterpart for chosen queries. */
export function queryMaskFeed(window?: number): string {
  return window === undefined ? 'query_mask' : `query_mask.${window}`;
}

/** Names of the feeds of earlier tokens' keys and values. */
export const pastFeeds = { keys: 'past_keys', values: 'past_values' } as const;

export interface BatchShape {
  /** Elements of a head that are rotated. */
  readonly rotatedSize: number;
  readonly window?: number;
  /** Whether the layer goes on with some rows only after its attention. */
  readonly selectsRows: boolean;
  /** Whether the tokens continue earlier ones. */
  readonly hasPast: boolean;
}

/** Padding of keys is hidden by the mask, that of queries is dropped: neither is read. */
const holes: Holes = 'unread';

/** Declares the inputs that describe a batch to the attention of a layer. */
export function declareBatchInputs(
  graph: Graph,
  { rotatedSize, window, selectsRows, hasPast }: BatchShape,
): BatchInputs {
  const padIndex = graph.input('pad_index', 'int64', ['samples', 'length']);
  const packIndex = graph.input('pack_index', 'int64', ['tokens']);
  const keyPadding = { index: padIndex, inverse: packIndex, holes };
  const keyAngles = {
    cos: graph.input('rope_cos', 'float32', ['tokens', rotatedSize / 2]),
    sin: graph.input('rope_sin', 'float32', ['tokens', rotatedSize / 2]),
  };
  const columns = hasPast ? 'past + length' : 'length';
  if (!selectsRows) {
    const shape = hasPast ? ['samples', 1, 1, 'length', columns] : ['length', 'length'];
    return {
      keyPadding,
      queryPadding: keyPadding,
      queryUnpadding: unpadding(keyPadding),
      mask: graph.input(maskFeed(window), 'float32', shape),
      keyAngles,
      queryAngles: keyAngles,
      hasPast,
    };
  }
  const rows = {
    index: graph.input('rows', 'int64', ['rows']),
    inverse: graph.input('row_of_token', 'int64', ['tokens']),
    inverseHoles: 'zeros' as const,
  };
  const queryPadding = {
    index: graph.input('query_pad_index', 'int64', ['samples', 'queries']),
    inverse: graph.input('query_pack_index', 'int64', ['rows']),
    holes,
  };
  return {
    keyPadding,
    queryPadding,
    queryUnpadding: unpadding(queryPadding),
    mask: graph.input(queryMaskFeed(window), 'float32', ['samples', 1, 1, 'queries', columns]),
    keyAngles,
    queryAngles: { cos: gather(keyAngles.cos, rows.index), sin: gather(keyAngles.sin, rows.index) },
    rows,
    hasPast,
  };
}

/** The way back. No gradient may flow to padding. */
function unpadding({ index, inverse }: RowPlacement): RowPlacement {
  return { index: inverse, inverse: index, inverseHoles: 'zeros' };
}

/** Normalised hidden states. */
export interface AttentionInput {
  /** [tokens, hidden] */
  readonly tokens: FloatTensor;
  /** [rows, hidden]: those of them that ask; all, unless the layer goes on with some rows only. */
  readonly rows: FloatTensor;
}

/** What attends and what is attended to, with their positions in them. */
export interface AttentionVectors {
  /** [rows, heads, size] */
  readonly query: FloatTensor;
  /** [tokens, key/value heads, size] */
  readonly key: FloatTensor;
  /** [tokens, key/value heads, value size] */
  readonly value: FloatTensor;
  /** Values that are dear to compute and that the backward pass reads. */
  readonly worthSaving: readonly FloatTensor[];
}

/** Keys and values of tokens, as the queries of later ones will read them. */
export interface Memory {
  /** [samples, key/value heads, 1, length, size] */
  readonly keys: FloatTensor;
  /** [samples, key/value heads, 1, length, value size] */
  readonly values: FloatTensor;
}

export interface Attended {
  /** [rows, heads × value size] */
  readonly values: FloatTensor;
  /** [samples, key/value heads, queries a key head, queries, length]: softmax over the last axis. */
  readonly probabilities: FloatTensor;
  /** Of the tokens of this batch. */
  readonly memory: Memory;
  /** Values that are dear to compute and that the backward pass reads. */
  readonly worthSaving: readonly FloatTensor[];
}

/**
 * @param scale factor on query · key
 * @param sinks [heads]
 */
export function attend(
  { query, key, value, worthSaving }: AttentionVectors,
  batch: BatchInputs,
  scale: number,
  sinks?: FloatTensor,
): Attended {
  const { graph } = query;
  const [heads, keyHeads] = [query.shape[1] as number, key.shape[1] as number];
  const group = heads / keyHeads;
  // [rows, heads, size] → [samples, length, key/value heads, heads of a group, size], reordered
  const asSequences = (
    vectors: FloatTensor,
    perKeyHead: number,
    padding: RowPlacement,
    order: number[],
  ): FloatTensor => {
    const [rows, , size] = vectors.shape as [Dimension, number, number];
    const padded = placeRows(reshape(vectors, [rows, keyHeads * perKeyHead * size]), padding);
    return transpose(reshape(padded, [...padding.index.shape, keyHeads, perKeyHead, size]), order);
  };
  const { keyPadding, queryPadding, queryUnpadding } = batch;
  const queries = asSequences(query, group, queryPadding, [0, 2, 3, 1, 4]);
  const keys = asSequences(key, 1, keyPadding, [0, 2, 3, 4, 1]);
  const values = asSequences(value, 1, keyPadding, [0, 2, 3, 1, 4]);
  const memory = { keys: swapLastAxes(keys), values };
  const past = batch.hasPast ? declarePast(memory) : undefined;
  const scaled = multiply(queries, graph.float(scale));
  const ownScores = batchedProduct(scaled, keys);
  const scores = add(past ? joinAlong(4, scoresOfPast(scaled, past), ownScores) : ownScores, batch.mask);
  const probabilities = sinks
    ? softmaxWithSink(scores, reshape(sinks, [keyHeads, group, 1, 1]))
    : softmax(scores);
  const attendedTo = past ? joinAlong(3, past.values, values) : values;
  const attended = transpose(batchedProduct(probabilities, attendedTo), [0, 3, 1, 2, 4]);
  const width = heads * (value.shape[2] as number);
  const packed = placeRows(reshape(attended, [...queryPadding.index.shape, width]), queryUnpadding);
  return {
    values: packed,
    probabilities,
    memory,
    worthSaving: [...worthSaving, queries, keys, values, probabilities, packed],
  };
}

function declarePast({ keys, values }: Memory): Memory {
  const declare = (name: string, { graph, shape }: FloatTensor): FloatTensor =>
    graph.input(name, 'float32', shape.with(3, 'past'));
  return { keys: declare(pastFeeds.keys, keys), values: declare(pastFeeds.values, values) };
}

/** Each matrix of a stack transposed. */
function swapLastAxes(x: FloatTensor): FloatTensor {
  return transpose(x, [0, 1, 2, 4, 3]);
}

/** Earlier keys are many: they stay as they are, and the few queries are transposed instead. */
function scoresOfPast(queries: FloatTensor, { keys }: Memory): FloatTensor {
  return swapLastAxes(batchedProduct(keys, swapLastAxes(queries)));
}
