/** @file Causal self-attention with rotary positions and grouped key/value heads, over a packed batch. */
import type { FloatTensor, Graph } from '../../engine/graph';
import { add, clip, multiply, subtract } from '../../engine/operators/elementwise';
import { batchedProduct, linear } from '../../engine/operators/linear-algebra';
import { softmax } from '../../engine/operators/reduction';
import { placeRows, type RowPlacement } from '../../engine/operators/rows';
import { concat, reshape, slice, transpose } from '../../engine/operators/shaping';
import type { AttentionArchitecture, WeightReference } from '../architecture';
import { rmsNorm } from './rms-norm';

/** What attention must know about the batch. All of it is fed (`packed-batch.ts`). */
export interface BatchInputs {
  /** Packed rows [tokens] ↔ padded sequences [samples, length]. */
  readonly padding: RowPlacement;
  readonly unpadding: RowPlacement;
  /** [length, length]: 0 where a query (row) may see a key (column), −∞ elsewhere. */
  readonly causalMask: FloatTensor;
  /** [tokens, 1, rotated dimensions / 2] */
  readonly cos: FloatTensor;
  readonly sin: FloatTensor;
}

export interface AttentionResult {
  /** [tokens, hidden] */
  readonly output: FloatTensor;
  /** [samples, key/value heads, queries a key head, length, length]: softmax over the last axis. */
  readonly probabilities: FloatTensor;
  /** Values that are dear to compute and that the backward pass reads. */
  readonly worthSaving: readonly FloatTensor[];
}

/** Declares the inputs that describe a batch to the attention of a layer. */
export function declareBatchInputs(graph: Graph, rotatedSize: number): BatchInputs {
  const padIndex = graph.input('pad_index', 'int64', ['samples', 'length']);
  const packIndex = graph.input('pack_index', 'int64', ['tokens']);
  return {
    padding: { index: padIndex, inverse: packIndex, indexHasHoles: true },
    unpadding: { index: packIndex, inverse: padIndex, inverseHasHoles: true },
    causalMask: graph.input('causal_mask', 'float32', ['length', 'length']),
    cos: graph.input('rope_cos', 'float32', ['tokens', 1, rotatedSize / 2]),
    sin: graph.input('rope_sin', 'float32', ['tokens', 1, rotatedSize / 2]),
  };
}

/**
 * @param x [tokens, hidden], normalised
 * @param load gives a weight in float32
 */
export function attention(
  x: FloatTensor,
  architecture: AttentionArchitecture,
  batch: BatchInputs,
  load: (weight: WeightReference) => FloatTensor,
  normEpsilon: number,
): AttentionResult {
  const { heads, keyValueHeads, headSize, scale, queryNorm, keyNorm } = architecture;
  const group = heads / keyValueHeads;
  const project = (weight: WeightReference, norm?: WeightReference): FloatTensor => {
    const projected = linear(x, load(weight));
    const normalised = norm ? rmsNorm(projected, load(norm), normEpsilon) : projected;
    return architecture.clip === undefined
      ? normalised
      : clip(normalised, -architecture.clip, architecture.clip);
  };
  const rotated = (vectors: FloatTensor, count: number): FloatTensor => {
    const byHead = reshape(vectors, ['tokens', count, headSize]);
    return reshape(rotate(byHead, batch), ['tokens', count * headSize]);
  };
  // [samples, length, heads × size] → [samples, key/value heads, queries a key head, length, size]
  const asSequences = (vectors: FloatTensor, perKeyHead: number, order: number[]): FloatTensor => {
    const padded = placeRows(vectors, batch.padding);
    return transpose(reshape(padded, ['samples', 'length', keyValueHeads, perKeyHead, headSize]), order);
  };

  const query = rotated(project(architecture.query, queryNorm), heads);
  const key = rotated(project(architecture.key, keyNorm), keyValueHeads);
  const queries = asSequences(multiply(query, x.graph.float(scale)), group, [0, 2, 3, 1, 4]);
  const keys = asSequences(key, 1, [0, 2, 3, 4, 1]);
  const values = asSequences(project(architecture.value), 1, [0, 2, 3, 1, 4]);
  const probabilities = softmax(add(batchedProduct(queries, keys), batch.causalMask));
  const attended = transpose(batchedProduct(probabilities, values), [0, 3, 1, 2, 4]);
  const packed = placeRows(reshape(attended, ['samples', 'length', heads * headSize]), batch.unpadding);
  return {
    output: linear(packed, load(architecture.output)),
    probabilities,
    worthSaving: [queries, keys, values, probabilities, packed],
  };
}

/** Rotary embedding in the half-split layout: pairs (i, i + size/2). `x` [tokens, heads, size]. */
function rotate(x: FloatTensor, { cos, sin }: BatchInputs): FloatTensor {
  const half = (x.shape[2] as number) / 2;
  const [left, right] = [slice(x, 2, 0, half), slice(x, 2, half, 2 * half)];
  return concat(
    [subtract(multiply(left, cos), multiply(right, sin)), add(multiply(right, cos), multiply(left, sin))],
    2,
  );
}
