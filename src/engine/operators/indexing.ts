/** @file Operators that look elements up by index. */
import type { FloatTensor, IndexTensor, Tensor } from '../graph';
import { type Dimension, showShape } from '../shape';
import { cast, compare } from './elementwise';
import { shapeOf, zerosLike } from './shaping';

/** Rows of `x` (its first axis) by index; rows may repeat. Result: shape of `index` followed by that of a row. */
export function gather<T extends Tensor>(x: T, index: IndexTensor): T {
  const [result] = x.graph.emit(
    { operator: 'Gather', inputs: [x, index], attributes: { axis: 0 } },
    [{ dtype: x.dtype, shape: [...index.shape, ...x.shape.slice(1)] }],
    ({ inputs: [x, index], gradients: [dy] }) => (dy ? [sumRows(dy, index as Tensor as IndexTensor, x)] : []),
  );
  return result as T;
}

/**
 * The adjoint of {@link gather}: zeros of the shape of `x`, with each row of `dy` added where `index` took it from. By
 * ScatterElements, because ScatterND loses sums when several threads add to one row.
 */
function sumRows(dy: FloatTensor, index: IndexTensor, x: FloatTensor): FloatTensor {
  const { graph } = x;
  const updates = asRows(dy, index.shape.length);
  const [column] = graph.emit({ operator: 'Reshape', inputs: [index, graph.int([-1, 1])] }, [
    { dtype: 'int64', shape: ['gathered rows', 1] },
  ]);
  const [places] = graph.emit({ operator: 'Expand', inputs: [column, shapeOf(updates)] }, [
    { dtype: 'int64', shape: updates.shape },
  ]);
  const zeros = zerosLike(asRows(x, 1));
  const [sums] = graph.emit(
    {
      operator: 'ScatterElements',
      inputs: [zeros, places, updates],
      attributes: { axis: 0, reduction: 'add' },
    },
    [{ dtype: 'float32', shape: zeros.shape }],
  );
  const [result] = graph.emit({ operator: 'Reshape', inputs: [sums, shapeOf(x)] }, [
    { dtype: 'float32', shape: x.shape },
  ]);
  return result as FloatTensor;
}

/** A matrix of the same elements: the first `leading` axes together are the rows. */
function asRows(x: FloatTensor, leading: number): FloatTensor {
  const [result] = x.graph.emit({ operator: 'Flatten', inputs: [x], attributes: { axis: leading } }, [
    { dtype: 'float32', shape: ['rows', 'elements of a row'] },
  ]);
  return result as FloatTensor;
}

/** For each row of `x` [n, m] the elements at `index` [n, k]. */
export function gatherElements<T extends Tensor>(x: T, index: IndexTensor): T {
  const [result] = x.graph.emit(
    { operator: 'GatherElements', inputs: [x, index], attributes: { axis: -1 } },
    [{ dtype: x.dtype, shape: index.shape }],
    ({ inputs: [x, index], gradients: [dy] }) => {
      if (!dy) return [];
      const [scattered] = x.graph.emit(
        {
          operator: 'ScatterElements',
          inputs: [zerosLike(x), index, dy],
          attributes: { axis: -1, reduction: 'add' },
        },
        [{ dtype: 'float32', shape: x.shape }],
      );
      return [scattered as FloatTensor];
    },
  );
  return result as T;
}

/**
 * Indices of the `k` largest elements of the last axis, in descending order; ties go to the lower index.
 * Not differentiable: take the values with {@link gatherElements}.
 */
export function topIndices(x: Tensor, k: number): IndexTensor {
  const { graph } = x;
  const shape: Dimension[] = [...x.shape.slice(0, -1), k];
  const [, indices] = graph.emit(
    { operator: 'TopK', inputs: [x, graph.int([k])], attributes: { axis: -1, largest: 1, sorted: 1 } },
    [
      { dtype: x.dtype, shape },
      { dtype: 'int64', shape },
    ],
  );
  return indices as IndexTensor;
}

/** The order that sorts a list of non-negative integers [n] ascending; equal ones keep their order. */
export function sortOrder(list: IndexTensor): IndexTensor {
  const { graph } = list;
  const [length] = graph.emit({ operator: 'Shape', inputs: [list] }, [{ dtype: 'int64', shape: [1] }]);
  const [, order] = graph.emit(
    { operator: 'TopK', inputs: [list, length], attributes: { axis: 0, largest: 0, sorted: 1 } },
    [
      { dtype: 'int64', shape: list.shape },
      { dtype: 'int64', shape: list.shape },
    ],
  );
  return order as IndexTensor;
}

/** The permutation that undoes `permutation` [n]. */
export function inversePermutation(permutation: IndexTensor): IndexTensor {
  return sortOrder(permutation);
}

/** How often each of 0 … `classes` − 1 occurs in `list` [n]: [classes]. */
export function countOccurrences(list: IndexTensor, classes: number): IndexTensor {
  const { graph } = list;
  const [length] = list.shape;
  const all = graph.int(Array.from({ length: classes }, (_, i) => i));
  const [column] = graph.emit({ operator: 'Unsqueeze', inputs: [list, graph.int([-1])] }, [
    { dtype: 'int64', shape: [length, 1] },
  ]);
  const hits = cast(compare('Equal', column, all), 'int64');
  const [counts] = graph.emit(
    { operator: 'ReduceSum', inputs: [hits, graph.int([0])], attributes: { keepdims: 0 } },
    [{ dtype: 'int64', shape: [classes] }],
  );
  return counts as IndexTensor;
}

/** Running sums of a list of integers, without the element itself: [0, a, a + b, …]. */
export function exclusiveSums(list: IndexTensor): IndexTensor {
  const { graph } = list;
  const [sums] = graph.emit(
    { operator: 'CumSum', inputs: [list, graph.int(0)], attributes: { exclusive: 1 } },
    [{ dtype: 'int64', shape: list.shape }],
  );
  return sums as IndexTensor;
}

/** Element `place` of a list, as a list of one. */
export function elementAt(list: IndexTensor, place: number): IndexTensor {
  const { graph } = list;
  const [element] = graph.emit(
    { operator: 'Slice', inputs: [list, graph.int([place]), graph.int([place + 1])] },
    [{ dtype: 'int64', shape: [1] }],
  );
  return element as IndexTensor;
}

/** Whole quotient of integers. */
export function integerQuotient(a: IndexTensor, divisor: number): IndexTensor {
  const [result] = a.graph.emit({ operator: 'Div', inputs: [a, a.graph.int(divisor)] }, [
    { dtype: 'int64', shape: a.shape },
  ]);
  return result as IndexTensor;
}

/** Sum of integers, element by element. */
export function integerSum(a: IndexTensor, b: IndexTensor): IndexTensor {
  if (showShape(a.shape) !== showShape(b.shape)) throw new Error('integer sum of different shapes');
  const [result] = a.graph.emit({ operator: 'Add', inputs: [a, b] }, [{ dtype: 'int64', shape: a.shape }]);
  return result as IndexTensor;
}
