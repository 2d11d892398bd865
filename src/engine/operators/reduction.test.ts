import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';

import { Graph } from '../graph';
import { type Array64, at, compute, elementwise, sum } from '../testing/array64';
import { evaluate, floats, numbers } from '../testing/evaluate';
import { describeOperators, type OperatorCase } from '../testing/operator-cases';
import * as operators from './reduction';

const { logSoftmax, meanOfLast, reduceSum, softmax, softmaxWithSink } = operators;

/** Sum over some axes of an array, which stay with length 1. */
function summed(x: Array64, axes: readonly number[]): Array64 {
  const shape = x.shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  const result = compute(shape, () => 0);
  const everywhere = compute(x.shape, (...index) => at(x, ...index));
  let place = 0;
  compute(x.shape, (...index) => {
    const target = shape.reduce(
      (offset, length, axis) => offset * length + (length === 1 ? 0 : index[axis]),
      0,
    );
    result.data[target] += everywhere.data[place++];
    return 0;
  });
  return result;
}

function overLast(f: (row: number[]) => number[], x: Array64): Array64 {
  const width = x.shape[x.shape.length - 1];
  return compute(x.shape, (...index) => {
    const row = Array.from({ length: width }, (_, i) => at(x, ...index.slice(0, -1), i));
    return f(row)[index[index.length - 1]];
  });
}

const softmaxOf = (row: number[]): number[] => {
  const total = sum(row.length, i => Math.exp(row[i]));
  return row.map(x => Math.exp(x) / total);
};

const sums = [
  { title: 'the first axis', axes: [0] },
  { title: 'a middle axis', axes: [1] },
  { title: 'the last axis, counted from the back', axes: [-1] },
  { title: 'two axes apart', axes: [0, 2] },
  { title: 'all axes', axes: [0, 1, 2] },
].map(({ title, axes }): OperatorCase => ({
  operator: 'reduceSum',
  title,
  inputs: [[2, 3, 4]],
  build: x => reduceSum(x, axes),
  reference: x =>
    summed(
      x,
      axes.map(axis => (axis + 3) % 3),
    ),
  tensorflow: x => tf.sum(x, axes, true),
}));

const softmaxes = [
  { title: 'one row', shape: [5] },
  { title: 'rows of symbolic number', shape: [3, 5], declared: ['n', 5] },
  { title: 'heads, both lengths symbolic', shape: [2, 3, 4], declared: [2, 'queries', 'keys'] },
  { title: 'one logit far above others', shape: [3, 5], range: [-6, 6] as const },
].flatMap(({ title, ...input }): OperatorCase[] => [
  {
    operator: 'softmax',
    title,
    inputs: [input],
    build: softmax,
    reference: x => overLast(softmaxOf, x),
    tensorflow: x => tf.softmax(x),
  },
  {
    operator: 'logSoftmax',
    title,
    inputs: [input],
    build: logSoftmax,
    reference: x => elementwise(Math.log, overLast(softmaxOf, x)),
    tensorflow: x => tf.logSoftmax(x),
  },
]);

describeOperators(operators, [
  ...sums,
  {
    operator: 'reduceSum',
    title: 'an axis of symbolic length',
    inputs: [{ shape: [3, 4], declared: ['n', 4] }],
    build: x => reduceSum(x, [0]),
    reference: x => summed(x, [0]),
    tensorflow: x => tf.sum(x, 0, true),
  },
  {
    operator: 'meanOfLast',
    title: 'rows',
    inputs: [{ shape: [3, 4], declared: ['n', 4] }],
    build: meanOfLast,
    reference: x => compute([3, 1], row => sum(4, i => at(x, row, i)) / 4),
    tensorflow: x => tf.mean(x, -1, true),
  },
  ...softmaxes,
  {
    operator: 'softmaxWithSink',
    title: 'a sink for each head, broadcast over samples and queries',
    inputs: [{ shape: [2, 3, 2, 4], declared: ['samples', 3, 'queries', 'keys'] }, [3, 1, 1]],
    build: softmaxWithSink,
    reference: (x, sink) =>
      compute(x.shape, (sample, head, query, key) => {
        const row = Array.from({ length: 4 }, (_, i) => at(x, sample, head, query, i));
        return softmaxOf([...row, at(sink, head, 0, 0)])[key];
      }),
    tensorflow: (x, sink) =>
      tf.slice(
        tf.softmax(tf.concat([x, tf.broadcastTo(sink, [2, 3, 2, 1])], -1)),
        [0, 0, 0, 0],
        [2, 3, 2, 4],
      ),
  },
]);

it('softmax and its logarithm do not overflow', async () => {
  const graph = new Graph();
  const x = graph.input('x', 'float32', [2]);
  const actual = await evaluate(graph, [softmax(x), logSoftmax(x)], new Map([[x, floats([1000, 0])]]));
  expect(actual.map(numbers)).toEqual([
    [1, 0],
    [0, -1000],
  ]);
});

it('the mean over an unknown length is refused', () => {
  const x = new Graph().input('x', 'float32', [2, 'n']);
  expect(() => meanOfLast(x)).toThrow('mean over an unknown length: [2, n]');
});

it('an axis that the tensor does not have is refused', () => {
  const x = new Graph().input('x', 'float32', [2, 3]);
  expect(() => reduceSum(x, [2])).toThrow('axis 2 is out of range for rank 2');
});
