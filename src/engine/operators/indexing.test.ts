import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';

import { gradients } from '../gradients';
import { Graph, type Tensor } from '../graph';
import { at, compute } from '../testing/array64';
import { evaluate, floats, integers, numbers } from '../testing/evaluate';
import { describeOperators, type OperatorCase } from '../testing/operator-cases';
import * as operators from './indexing';

const {
  countOccurrences,
  elementAt,
  exclusiveSums,
  gather,
  gatherElements,
  integerQuotient,
  integerSum,
  inversePermutation,
  sortOrder,
  topIndices,
} = operators;

const repeated = [2, 0, 2, 2, 1];
const columns = [
  [3, 0],
  [1, 1],
  [0, 2],
];

describeOperators(
  operators,
  [
    {
      operator: 'gather',
      title: 'repeated and missing rows',
      inputs: [{ shape: [4, 3], declared: ['n', 3] }],
      build: x => gather(x, x.graph.int(repeated)),
      reference: x => compute([5, 3], (row, column) => at(x, repeated[row], column)),
      tensorflow: x => tf.gather(x, repeated),
    },
    {
      operator: 'gather',
      title: 'elements of a list',
      inputs: [[4]],
      build: x => gather(x, x.graph.int(repeated)),
      reference: x => compute([5], place => at(x, repeated[place])),
      tensorflow: x => tf.gather(x, repeated),
    },
    {
      operator: 'gather',
      title: 'one row',
      inputs: [[4, 3]],
      build: x => gather(x, x.graph.int(2)),
      reference: x => compute([3], column => at(x, 2, column)),
      tensorflow: x => tf.gather(x, tf.scalar(2, 'int32')),
    },
    {
      operator: 'gather',
      title: 'a matrix of indices into stacked matrices',
      inputs: [{ shape: [3, 2, 2], declared: [3, 'n', 'm'] }],
      build: x => gather(x, x.graph.int([2, 0, 0, 2], [2, 2])),
      reference: x => compute([2, 2, 2, 2], (i, j, row, column) => at(x, i === j ? 2 : 0, row, column)),
      tensorflow: x => tf.gather(x, tf.tensor2d([2, 0, 0, 2], [2, 2], 'int32')),
    },
    {
      operator: 'gatherElements',
      title: 'repeated and missing elements',
      inputs: [{ shape: [3, 4], declared: ['n', 4] }],
      build: x => gatherElements(x, x.graph.int(columns.flat(), [3, 2])),
      reference: x => compute([3, 2], (row, k) => at(x, row, columns[row][k])),
      tensorflow: x =>
        tf.sum(tf.mul(tf.expandDims(x, 1), tf.oneHot(tf.tensor2d(columns, [3, 2], 'int32'), 4)), -1),
    },
  ] satisfies OperatorCase[],
  [
    'countOccurrences',
    'elementAt',
    'exclusiveSums',
    'integerQuotient',
    'integerSum',
    'inversePermutation',
    'sortOrder',
    'topIndices',
  ],
);

it.each([1, 2, 4])('rows that repeat thousands of times add up with %d threads', async threads => {
  const [rows, width, repetitions] = [4, 16, 5000];
  const graph = new Graph();
  const x = graph.input('x', 'float32', [rows, width]);
  const index = graph.input('index', 'int64', ['n']);
  const dy = graph.input('dy', 'float32', ['n', width]);
  const [gradient] = gradients([{ output: gather(x, index), gradient: dy }], [x]);
  if (!gradient) throw new Error('no gradient');
  const count = rows * repetitions;
  const feeds = new Map<Tensor, ReturnType<typeof integers>>([
    [x, floats(new Array<number>(rows * width).fill(0), [rows, width])],
    [index, integers(Array.from({ length: count }, (_, i) => i % rows))],
    [dy, floats(new Array<number>(count * width).fill(1), [count, width])],
  ]);
  const [actual] = await evaluate(graph, [gradient], feeds, { threads });
  expect(new Set(numbers(actual))).toEqual(new Set([repetitions]));
});

/** Runs operators on lists of integers. */
async function onIntegers(
  values: readonly number[],
  build: (list: ReturnType<Graph['int']>) => Tensor,
  symbolic = true,
): Promise<number[]> {
  const graph = new Graph();
  const list = graph.input('list', 'int64', [symbolic ? 'n' : values.length]);
  const [result] = await evaluate(graph, [build(list)], new Map([[list, integers(values)]]));
  return numbers(result);
}

it('topIndices: largest first, ties to the lower index', async () => {
  const graph = new Graph();
  const x = graph.input('x', 'float32', ['n', 4]);
  const feeds = new Map([[x, floats([1, 3, 2, 3, 5, 5, 5, -1], [2, 4])]]);
  const [indices] = await evaluate(graph, [topIndices(x, 3)], feeds);
  expect(indices.shape).toEqual([2, 3]);
  expect(numbers(indices)).toEqual([1, 3, 2, 0, 1, 2]);
});

it('sortOrder is stable, and inversePermutation undoes it', async () => {
  const list = [2, 0, 1, 0, 2, 1, 0];
  expect(await onIntegers(list, sortOrder)).toEqual([1, 3, 6, 2, 5, 0, 4]);
  expect(await onIntegers(list, list => inversePermutation(sortOrder(list)))).toEqual([5, 0, 3, 1, 6, 4, 2]);
  expect(await onIntegers([], sortOrder)).toEqual([]);
});

it('sortOrder is stable in lists of thousands', async () => {
  const list = Array.from({ length: 4096 }, (_, i) => (i * 37) % 64);
  const expected = list.map((_, i) => i).sort((a, b) => list[a] - list[b] || a - b);
  expect(await onIntegers(list, sortOrder)).toEqual(expected);
});

it('countOccurrences, with classes that do not occur', async () => {
  expect(await onIntegers([2, 0, 2, 2, 4], list => countOccurrences(list, 6))).toEqual([1, 0, 3, 0, 1, 0]);
  expect(await onIntegers([], list => countOccurrences(list, 2))).toEqual([0, 0]);
});

it('exclusiveSums start with zero', async () => {
  expect(await onIntegers([3, 0, 2, 5], exclusiveSums)).toEqual([0, 3, 3, 5]);
});

it('elementAt gives a list of one', async () => {
  expect(await onIntegers([7, 8, 9], list => elementAt(list, 1))).toEqual([8]);
});

it('integerQuotient and integerSum', async () => {
  expect(await onIntegers([0, 1, 2, 3, 7], list => integerQuotient(list, 2))).toEqual([0, 0, 1, 1, 3]);
  expect(await onIntegers([1, 2, 3], list => integerSum(list, list))).toEqual([2, 4, 6]);
  const graph = new Graph();
  expect(() => integerSum(graph.int([1, 2]), graph.int([1]))).toThrow('integer sum of different shapes');
});
