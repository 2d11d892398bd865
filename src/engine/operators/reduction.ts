/** @file Sums, means and softmax. */
import type { FloatTensor } from '../graph';
import { positiveAxis, showShape } from '../shape';
import { expandAs, sumToShape } from './broadcasting';
import { divide, exponential, multiply, negate, subtract } from './elementwise';

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

/**
 * Softmax over the last axis and one more logit, the sink, whose share is dropped: rows sum to less than 1.
 * @param sink of as many axes as `x`, the last of length 1; broadcast over the leading axes of `x`
 */
export function softmaxWithSink(x: FloatTensor, sink: FloatTensor): FloatTensor {
  const [result] = x.graph.composite(
    'SoftmaxWithSink',
    [x, sink],
    () => [emitSoftmaxWithSink(x, sink)],
    ({ inputs: [, sink], outputs: [y], gradients: [dy], wanted }) => {
      if (!dy) return [];
      const weighted = multiply(dy, y);
      const sum = reduceSum(weighted, [-1]);
      const dropped = subtract(y.graph.float(1), reduceSum(y, [-1]));
      return [
        subtract(weighted, multiply(y, sum)),
        wanted[1] ? sumToShape(negate(multiply(dropped, sum)), sink) : undefined,
      ];
    },
  );
  return result;
}

function emitSoftmaxWithSink(x: FloatTensor, sink: FloatTensor): FloatTensor {
  const { graph } = x;
  const last = x.shape.length - 1;
  const leading = x.shape.slice(0, last);
  const extended = { dtype: 'float32' as const, shape: [...leading, 'columns + 1'] };
  const [rows] = graph.emit({ operator: 'Shape', inputs: [x], attributes: { end: last } }, [
    { dtype: 'int64', shape: [last] },
  ]);
  const [columnShape] = graph.emit(
    { operator: 'Concat', inputs: [rows, graph.int([1])], attributes: { axis: 0 } },
    [{ dtype: 'int64', shape: [last + 1] }],
  );
  const [column] = graph.emit({ operator: 'Expand', inputs: [sink, columnShape] }, [
    { dtype: 'float32', shape: [...leading, 1] },
  ]);
  const [logits] = graph.emit({ operator: 'Concat', inputs: [x, column], attributes: { axis: -1 } }, [
    extended,
  ]);
  const [shares] = graph.emit({ operator: 'Softmax', inputs: [logits], attributes: { axis: -1 } }, [
    extended,
  ]);
  const [result] = graph.emit(
    { operator: 'Slice', inputs: [shares, graph.int([0]), graph.int([-1]), graph.int([last])] },
    [{ dtype: 'float32', shape: x.shape }],
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
