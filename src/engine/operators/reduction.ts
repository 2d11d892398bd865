/** @file Sums, means and softmax. */
import type { FloatTensor } from '../graph';
import { type Dimension, positiveAxis, type Shape, showShape } from '../shape';
import { divide, multiply, subtract } from './elementwise';
import { expandAs, reshape } from './shaping';

/** Sum over `axes`; the summed axes stay with length 1. */
export function reduceSum(x: FloatTensor, axes: readonly number[]): FloatTensor {
  const { graph } = x;
  const positive = axes.map(axis => positiveAxis(axis, x.shape.length));
  const shape = x.shape.map((dimension, axis) => (positive.includes(axis) ? 1 : dimension));
  const [result] = graph.emit(
    { operator: 'ReduceSum', inputs: [x, graph.int(positive)], attributes: { keepdims: 1 } },
    [{ dtype: 'float32', shape }],
    ({ inputs: [x], gradients: [dy] }) => (dy ? [expandAs(dy, x)] : []),
  );
  return result as FloatTensor;
}

/** Mean over the last axis, which stays with length 1 and must have a known length. */
export function meanOfLast(x: FloatTensor): FloatTensor {
  const length = x.shape.at(-1);
  if (typeof length !== 'number') throw new Error(`mean over an unknown length: ${showShape(x.shape)}`);
  return divide(reduceSum(x, [-1]), x.graph.float(length));
}

/** Softmax over the last axis. */
export function softmax(x: FloatTensor): FloatTensor {
  const [result] = x.graph.emit(
    { operator: 'Softmax', inputs: [x], attributes: { axis: -1 } },
    [{ dtype: 'float32', shape: x.shape }],
    ({ outputs: [y], gradients: [dy] }) => {
      if (!dy) return [];
      const weighted = multiply(dy, y);
      return [subtract(weighted, multiply(y, reduceSum(weighted, [-1])))];
    },
  );
  return result as FloatTensor;
}

/** log(softmax) over the last axis. */
export function logSoftmax(x: FloatTensor): FloatTensor {
  const [result] = x.graph.emit(
    { operator: 'LogSoftmax', inputs: [x], attributes: { axis: -1 } },
    [{ dtype: 'float32', shape: x.shape }],
    ({ outputs: [y], gradients: [dy] }) =>
      dy ? [subtract(dy, multiply(exponential(y), reduceSum(dy, [-1])))] : [],
  );
  return result as FloatTensor;
}

/** e to the power of each element. */
export function exponential(x: FloatTensor): FloatTensor {
  const [result] = x.graph.emit(
    { operator: 'Exp', inputs: [x] },
    [{ dtype: 'float32', shape: x.shape }],
    ({ outputs: [y], gradients: [dy] }) => (dy ? [multiply(dy, y)] : []),
  );
  return result as FloatTensor;
}

/** The adjoint of broadcasting `target` to the shape of `gradient`: sums over the axes that were stretched. */
export function sumToShape(gradient: FloatTensor, target: FloatTensor): FloatTensor {
  const extra = gradient.shape.length - target.shape.length;
  const stretched = gradient.shape.flatMap((dimension: Dimension, axis) =>
    axis < extra || (target.shape[axis - extra] === 1 && dimension !== 1) ? [axis] : [],
  );
  const summed = stretched.length > 0 ? reduceSum(gradient, stretched) : gradient;
  return extra > 0 ? reshape(summed, dropLeading(summed.shape, extra)) : summed;
}

function dropLeading(shape: Shape, count: number): Dimension[] {
  return shape.slice(count);
}
