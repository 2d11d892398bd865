/** @file Operators that move elements without changing them. */
import type { FloatTensor, Graph, IndexTensor, Tensor } from '../graph';
import { type Dimension, positiveAxis, type Shape, showShape } from '../shape';

/**
 * The same elements under another shape. A symbolic dimension of `shape` is taken over from the same place of `x`;
 * one further symbolic dimension may stand for what remains.
 */
export function reshape<T extends Tensor>(x: T, shape: Shape): T {
  const sizes = reshapeSizes(x.shape, shape);
  if (!sizes)
    throw new Error(`reshape ${showShape(x.shape)} → ${showShape(shape)}: more than one length to infer`);
  return reshapeTo(x, x.graph.int(sizes), shape);
}

/** The lengths of `to`; 0 takes over that of the same place of `from`, −1 is what remains. undefined: more remain. */
function reshapeSizes(from: Shape, to: Shape): number[] | undefined {
  const sizes = to.map((dimension, axis) => {
    if (typeof dimension === 'number') return dimension;
    return from[axis] === dimension ? 0 : -1;
  });
  return sizes.filter(size => size === -1).length > 1 ? undefined : sizes;
}

function reshapeTo<T extends Tensor>(x: T, sizes: IndexTensor, shape: Shape): T {
  const [result] = x.graph.emit(
    { operator: 'Reshape', inputs: [x, sizes] },
    [{ dtype: x.dtype, shape }],
    ({ inputs: [x], gradients: [dy] }) => {
      if (!dy) return [];
      // The shape of `x` at run time is asked for only where it must be: `x` would be computed again for it.
      const back = reshapeSizes(shape, x.shape);
      return [reshapeTo(dy, back ? dy.graph.int(back) : shapeOf(x), x.shape)];
    },
  );
  return result as T;
}

/** The lengths of `x` at run time. */
export function shapeOf(x: Tensor): IndexTensor {
  const [result] = x.graph.emit({ operator: 'Shape', inputs: [x] }, [
    { dtype: 'int64', shape: [x.shape.length] },
  ]);
  return result as IndexTensor;
}

/** `x` itself, under a name of its own. */
export function identity(x: FloatTensor): FloatTensor {
  const [result] = x.graph.emit(
    { operator: 'Identity', inputs: [x] },
    [{ dtype: 'float32', shape: x.shape }],
    ({ gradients: [dy] }) => [dy],
  );
  return result as FloatTensor;
}

/** Zeros of the shape that `x` has at run time. */
export function zerosLike(x: Tensor): FloatTensor {
  const [result] = x.graph.emit({ operator: 'ConstantOfShape', inputs: [shapeOf(x)] }, [
    { dtype: 'float32', shape: x.shape },
  ]);
  return result as FloatTensor;
}

/** No rows of a given width: [0, width]. */
export function emptyRows(graph: Graph, width: number): FloatTensor {
  const [result] = graph.emit({ operator: 'ConstantOfShape', inputs: [graph.int([0, width])] }, [
    { dtype: 'float32', shape: [0, width] },
  ]);
  return result as FloatTensor;
}

/** `x` with its axes in another order: axis i of the result is axis `permutation[i]` of `x`. */
export function transpose(x: FloatTensor, permutation: readonly number[]): FloatTensor {
  const [result] = x.graph.emit(
    { operator: 'Transpose', inputs: [x], attributes: { perm: permutation } },
    [{ dtype: 'float32', shape: permutation.map(axis => x.shape[axis]) }],
    ({ gradients: [dy] }) => {
      const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
      return dy ? [transpose(dy, inverse)] : [];
    },
  );
  return result as FloatTensor;
}

/** Elements [start, end) of an axis; negative `start` and `end` count from the back. */
export function slice(x: FloatTensor, axis: number, start: number, end: number): FloatTensor {
  const { graph } = x;
  const at = positiveAxis(axis, x.shape.length);
  const length = x.shape[at];
  if (typeof length !== 'number')
    throw new Error(`slice of an axis of unknown length: ${showShape(x.shape)}`);
  const [from, to] = [start, end].map(place => (place < 0 ? place + length : place));
  const shape = x.shape.map((dimension, i) => (i === at ? to - from : dimension));
  const [result] = graph.emit(
    { operator: 'Slice', inputs: [x, graph.int([from]), graph.int([to]), graph.int([at])] },
    [{ dtype: 'float32', shape }],
    ({ gradients: [dy] }) => (dy ? [padAxis(dy, at, from, length - to)] : []),
  );
  return result as FloatTensor;
}

/**
 * Elements first, first + step, … of the last axis, whose length is a multiple of `step`. Of any type, and not
 * differentiable: for weights.
 */
export function everyNth<T extends Tensor>(x: T, first: number, step: number): T {
  const { graph } = x;
  const length = x.shape[x.shape.length - 1] as number;
  const [from, to, axis, by] = [first, length, x.shape.length - 1, step].map(value => graph.int([value]));
  const [result] = graph.emit({ operator: 'Slice', inputs: [x, from, to, axis, by] }, [
    { dtype: x.dtype, shape: x.shape.with(-1, length / step) },
  ]);
  return result as T;
}

/** `before` and `after` zeros added to an axis: the adjoint of {@link slice}. */
function padAxis(x: FloatTensor, axis: number, before: number, after: number): FloatTensor {
  const { graph } = x;
  const length = x.shape[axis] as number;
  const [result] = graph.emit(
    { operator: 'Pad', inputs: [x, graph.int([before, after]), graph.float(0), graph.int([axis])] },
    [
      {
        dtype: 'float32',
        shape: x.shape.map((dimension, i) => (i === axis ? length + before + after : dimension)),
      },
    ],
    ({ gradients: [dy] }) => (dy ? [slice(dy, axis, before, before + length)] : []),
  );
  return result as FloatTensor;
}

/**
 * Joins two tensors along an axis on which their lengths are known only at run time. Not differentiable: for passes that
 * only go forward.
 */
export function joinAlong(axis: number, left: FloatTensor, right: FloatTensor): FloatTensor {
  const [result] = left.graph.emit({ operator: 'Concat', inputs: [left, right], attributes: { axis } }, [
    { dtype: 'float32', shape: left.shape.with(axis, `${left.shape[axis]} + ${right.shape[axis]}`) },
  ]);
  return result as FloatTensor;
}

/** Joins tensors along an axis on which all have known lengths. */
export function concat(parts: readonly FloatTensor[], axis: number): FloatTensor {
  const [{ graph, shape: first }] = parts;
  const at = positiveAxis(axis, first.length);
  const lengths = parts.map(part => {
    const length = part.shape[at];
    if (typeof length !== 'number')
      throw new Error(`concat along an unknown length: ${showShape(part.shape)}`);
    return length;
  });
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const shape: Dimension[] = first.map((dimension, i) => (i === at ? total : dimension));
  const [result] = graph.emit(
    { operator: 'Concat', inputs: parts, attributes: { axis: at } },
    [{ dtype: 'float32', shape }],
    ({ gradients: [dy], wanted }) => {
      if (!dy) return [];
      let start = 0;
      return lengths.map((length, i) => {
        start += length;
        return wanted[i] ? slice(dy, at, start - length, start) : undefined;
      });
    },
  );
  return result as FloatTensor;
}
