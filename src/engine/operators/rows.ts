/**
 * @file Moving rows between orders: packed tokens and padded sequences, tokens and the experts that they are sent to.
 * Each operator's adjoint is another one of this file, so no gradient is ever scattered. Indices count as inputs, so that
 * a rule uses those of the scope that it emits into.
 */
import type { FloatTensor, IndexTensor, Tensor } from '../graph';
import { type Dimension, showShape } from '../shape';
import { elementAt, gather, integerQuotient, integerSum } from './indexing';
import { reduceSum } from './reduction';
import { reshape, zerosLike } from './shaping';

/** A one-to-one placement of rows. */
export interface RowPlacement {
  /** For each place of the result (any shape) the row of the input; where there is none, the number of rows. */
  readonly index: IndexTensor;
  /** The way back: for each row of the input its place in the result, likewise. */
  readonly inverse: IndexTensor;
  /** What stands at places without a row; default: there are none. */
  readonly holes?: Holes;
  /** The same of the way back, for rows without a place. */
  readonly inverseHoles?: Holes;
}

/** `unread`: some row; nothing may read it. That saves a copy of all rows. */
export type Holes = 'zeros' | 'unread';

/**
 * Rows of `x` at new places. Leading axes of `x` are taken together as rows.
 * @param x […, width]
 * @returns shape of `index`, then width
 */
export function placeRows(x: FloatTensor, placement: RowPlacement): FloatTensor {
  const width = rowWidth(x);
  const { index, inverse, holes, inverseHoles } = placement;
  const [result] = x.graph.composite(
    'PlaceRows',
    [x, index, inverse],
    () => {
      const flat = x.shape.length === 2 ? x : reshape(x, ['rows', width]);
      if (holes === 'unread') return [gather(flat, withinRows(index, flat))];
      return [gather(holes === 'zeros' ? withZeroRow(flat, width) : flat, index)];
    },
    ({ inputs: [, ...indices], gradients: [dy] }) => {
      const [index, inverse] = indices.map(asIndex);
      return dy
        ? [placeRows(dy, { index: inverse, inverse: index, holes: inverseHoles, inverseHoles: holes })]
        : [];
    },
  );
  return result;
}

/** `index` with the last row in place of holes. */
function withinRows(index: IndexTensor, x: FloatTensor): IndexTensor {
  const { graph } = x;
  const [rows] = graph.emit({ operator: 'Shape', inputs: [x], attributes: { end: 1 } }, [
    { dtype: 'int64', shape: [1] },
  ]);
  const [last] = graph.emit({ operator: 'Sub', inputs: [rows, graph.int([1])] }, [
    { dtype: 'int64', shape: [1] },
  ]);
  const [result] = graph.emit({ operator: 'Min', inputs: [index, last] }, [
    { dtype: 'int64', shape: index.shape },
  ]);
  return result as IndexTensor;
}

function withZeroRow(x: FloatTensor, width: number): FloatTensor {
  const { graph } = x;
  const zeros = graph.float(new Array<number>(width).fill(0), [1, width]);
  const [result] = graph.emit({ operator: 'Concat', inputs: [x, zeros], attributes: { axis: 0 } }, [
    { dtype: 'float32', shape: ['rows + 1', width] },
  ]);
  return result as FloatTensor;
}

/** Where the (token, slot) pairs of a mixture of experts stand once they are sorted by expert. */
export interface Dispatch {
  /** Slots a token: top-k. */
  readonly slots: number;
  /** [tokens × slots]: for each sorted place the pair token × slots + slot. */
  readonly order: IndexTensor;
  /** [tokens × slots]: for each pair its sorted place. */
  readonly inverse: IndexTensor;
}

/**
 * A copy of each token's row for each of its slots, sorted by expert.
 * @param x [tokens, width] @returns [pairs, width]
 */
export function dispatchRows(x: FloatTensor, dispatch: Dispatch): FloatTensor {
  const { slots, order, inverse } = dispatch;
  const [tokens] = x.shape;
  const [result] = x.graph.composite(
    'DispatchRows',
    [x, order, inverse],
    () => [gather(x, integerQuotient(order, slots))],
    ({ inputs: [, ...indices], gradients: [dy] }) => {
      const [order, inverse] = indices.map(asIndex);
      return dy ? [combineRows(dy, { slots, order, inverse }, tokens)] : [];
    },
  );
  return result;
}

/**
 * Sum over the slots of each token: the adjoint of {@link dispatchRows}.
 * @param x [pairs, width], sorted by expert @returns [tokens, width]
 */
export function combineRows(x: FloatTensor, dispatch: Dispatch, tokens: Dimension): FloatTensor {
  const width = rowWidth(x);
  const { slots, order, inverse } = dispatch;
  const [result] = x.graph.composite(
    'CombineRows',
    [x, order, inverse],
    () => {
      const bySlot = reshape(gather(x, inverse), [tokens, slots, width]);
      return [reshape(reduceSum(bySlot, [1]), [tokens, width])];
    },
    ({ inputs: [, ...indices], gradients: [dy] }) => {
      const [order, inverse] = indices.map(asIndex);
      return dy ? [dispatchRows(dy, { slots, order, inverse })] : [];
    },
  );
  return result;
}

/** Consecutive groups of rows: group i starts at `starts[i]` and has `lengths[i]` rows. */
export interface RowGroups {
  readonly starts: IndexTensor;
  readonly lengths: IndexTensor;
  readonly count: number;
}

/** The groups of `x` [rows, width] one by one; the adjoint of {@link joinRows}. */
export function splitRows(x: FloatTensor, groups: RowGroups): FloatTensor[] {
  const { graph } = x;
  const { starts, lengths, count } = groups;
  const width = rowWidth(x);
  const [rows] = x.shape;
  return graph.composite(
    'SplitRows',
    [x, starts, lengths],
    () =>
      Array.from({ length: count }, (_, i) => {
        const start = elementAt(starts, i);
        const end = integerSum(start, elementAt(lengths, i));
        const [part] = graph.emit({ operator: 'Slice', inputs: [x, start, end, graph.int([0])] }, [
          { dtype: 'float32', shape: [`rows of group ${i}`, width] },
        ]);
        return part as FloatTensor;
      }),
    ({ inputs: [, ...indices], outputs, gradients }) => {
      const [starts, lengths] = indices.map(asIndex);
      const parts = outputs.map((output, i) => gradients[i] ?? zerosLike(output));
      return [joinRows(parts, { starts, lengths, count }, rows)];
    },
  );
}

/** Puts groups of rows after one another: [rows, width]. */
export function joinRows(parts: readonly FloatTensor[], groups: RowGroups, rows: Dimension): FloatTensor {
  const [first] = parts;
  const { graph } = first;
  const { starts, lengths, count } = groups;
  const [result] = graph.composite(
    'JoinRows',
    [...parts, starts, lengths],
    () => {
      const [joined] = graph.emit({ operator: 'Concat', inputs: parts, attributes: { axis: 0 } }, [
        { dtype: 'float32', shape: [rows, rowWidth(first)] },
      ]);
      return [joined as FloatTensor];
    },
    ({ inputs, gradients: [dy] }) => {
      const [starts, lengths] = inputs.slice(-2).map(asIndex);
      return dy ? splitRows(dy, { starts, lengths, count }) : [];
    },
  );
  return result;
}

function asIndex(tensor: Tensor): IndexTensor {
  return tensor as IndexTensor;
}

function rowWidth(x: FloatTensor): number {
  const width = x.shape.at(-1);
  if (typeof width !== 'number') throw new Error(`rows of unknown width: ${showShape(x.shape)}`);
  return width;
}
