/** @file Sums, means and softmax. */
import type { FloatTensor } from '../graph';
import { positiveAxis, showShape } from '../shape';
import { expandAs } from './broadcasting';
import { divide, exponential, multiply, subtract } from './elementwise';

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
