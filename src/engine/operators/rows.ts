/**
 * @file Moving rows between orders: packed tokens and padded sequences, tokens and the experts that they are sent to.
 * Each operator's adjoint is another one of this file, so no gradient is ever scattered.
 */
import type { FloatTensor, IndexTensor } from '../graph';
import { type Dimension, showShape } from '../shape';
import { elementAt, gather, integerQuotient, integerSum } from './indexing';
import { reduceSum } from './reduction';
import { reshape } from './shaping';

/** A one-to-one placement of rows. */
export interface RowPlacement {
  /** For each place of the result (any shape) the row of the input; with `holes`, the number of rows means "zeros". */
  readonly index: IndexTensor;
  /** The way back: for each row of the input its place in the result, likewise. */
  readonly inverse: IndexTensor;
  readonly indexHasHoles?: boolean;
  readonly inverseHasHoles?: boolean;
}

/**
 * Rows of `x` at new places. Leading axes of `x` are taken together as rows.
 * @param x […, width]
 * @returns shape of `index`, then width
 */
export function placeRows(x: FloatTensor, placement: RowPlacement): FloatTensor {
  const width = rowWidth(x);
  const { index, inverse, indexHasHoles, inverseHasHoles } = placement;
  const [result] = x.graph.composite(
    'PlaceRows',
    [x],
    () => {
      const flat = x.shape.length === 2 ? x : reshape(x, ['rows', width]);
      return [gather(indexHasHoles ? withZeroRow(flat, width) : flat, index)];
    },
    ({ gradients: [dy] }) => {
      const back = {
        index: inverse,
        inverse: index,
        indexHasHoles: inverseHasHoles,
        inverseHasHoles: indexHasHoles,
      };
      return dy ? [placeRows(dy, back)] : [];
    },
  );
  return result;
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
  const { slots, order } = dispatch;
  const [tokens] = x.shape;
  const [result] = x.graph.composite(
    'DispatchRows',
    [x],
    () => [gather(x, integerQuotient(order, slots))],
    ({ gradients: [dy] }) => (dy ? [combineRows(dy, dispatch, tokens)] : []),
  );
  return result;
}

/**
 * Sum over the slots of each token: the adjoint of {@link dispatchRows}.
 * @param x [pairs, width], sorted by expert @returns [tokens, width]
 */
export function combineRows(x: FloatTensor, dispatch: Dispatch, tokens: Dimension): FloatTensor {
  const width = rowWidth(x);
  const { slots, inverse } = dispatch;
  const [result] = x.graph.composite(
    'CombineRows',
    [x],
    () => {
      const bySlot = reshape(gather(x, inverse), [tokens === x.shape[0] ? 'tokens' : tokens, slots, width]);
      return [reshape(reduceSum(bySlot, [1]), [tokens, width])];
    },
    ({ gradients: [dy] }) => (dy ? [dispatchRows(dy, dispatch)] : []),
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
  const width = rowWidth(x);
  const [rows] = x.shape;
  return graph.composite(
    'SplitRows',
    [x],
    () =>
      Array.from({ length: groups.count }, (_, i) => {
        const start = elementAt(groups.starts, i);
        const end = integerSum(start, elementAt(groups.lengths, i));
        const [part] = graph.emit({ operator: 'Slice', inputs: [x, start, end, graph.int([0])] }, [
          { dtype: 'float32', shape: [`rows of group ${i}`, width] },
        ]);
        return part as FloatTensor;
      }),
    ({ gradients: parts, outputs }) => {
      const known = parts.filter(part => part !== undefined);
      if (known.length !== outputs.length) throw new Error('SplitRows: a group has no gradient');
      return [joinRows(known, groups, rows)];
    },
  );
}

/** Puts groups of rows after one another: [rows, width]. */
export function joinRows(parts: readonly FloatTensor[], groups: RowGroups, rows: Dimension): FloatTensor {
  const [first] = parts;
  const { graph } = first;
  const [result] = graph.composite(
    'JoinRows',
    parts,
    () => {
      const [joined] = graph.emit({ operator: 'Concat', inputs: parts, attributes: { axis: 0 } }, [
        { dtype: 'float32', shape: [rows, rowWidth(first)] },
      ]);
      return [joined as FloatTensor];
    },
    ({ gradients: [dy] }) => (dy ? splitRows(dy, groups) : []),
  );
  return result;
}

function rowWidth(x: FloatTensor): number {
  const width = x.shape.at(-1);
  if (typeof width !== 'number') throw new Error(`rows of unknown width: ${showShape(x.shape)}`);
  return width;
}
