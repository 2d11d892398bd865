import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';

import { Graph } from '../graph';
import type { Shape } from '../shape';
import { at, compute, elementwise, reshaped } from '../testing/array64';
import { evaluate, floats, numbers } from '../testing/evaluate';
import { type CaseInput, describeOperators, type OperatorCase } from '../testing/operator-cases';
import { cast } from './elementwise';
import * as operators from './shaping';

const { concat, emptyRows, everyNth, identity, joinAlong, reshape, shapeOf, slice, transpose, zerosLike } =
  operators;

const reshapes: (CaseInput & { title: string; to: Shape; result: number[] })[] = [
  { title: 'known lengths', shape: [2, 6], to: [3, 4], result: [3, 4] },
  {
    title: 'a symbolic axis that stays',
    shape: [3, 6],
    declared: ['n', 6],
    to: ['n', 2, 3],
    result: [3, 2, 3],
  },
  {
    title: 'two symbolic axes that stay',
    shape: [2, 3, 4],
    declared: ['b', 's', 4],
    to: ['b', 's', 2, 2],
    result: [2, 3, 2, 2],
  },
  {
    title: 'two symbolic axes into one',
    shape: [2, 3, 4],
    declared: ['b', 's', 4],
    to: ['tokens', 4],
    result: [6, 4],
  },
  {
    title: 'one symbolic axis stays, one is inferred',
    shape: [2, 3, 4],
    declared: ['b', 's', 4],
    to: ['b', 'elements'],
    result: [2, 12],
  },
  {
    title: 'a symbolic length that becomes known',
    shape: [6, 2],
    declared: ['pairs', 2],
    to: [3, 4],
    result: [3, 4],
  },
];

const permutations = [
  [1, 0, 2],
  [2, 0, 1],
  [0, 2, 1],
  [0, 1, 2],
];

const slices = [
  { title: 'from the front', axis: 1, start: 0, end: 2 },
  { title: 'inside', axis: -1, start: 1, end: 4 },
  { title: 'counted from the back', axis: -1, start: -3, end: -1 },
  { title: 'everything', axis: 1, start: 0, end: 5 },
];

const cases: OperatorCase[] = [
  ...reshapes.map(({ title, to, result, ...input }): OperatorCase => ({
    operator: 'reshape',
    title,
    inputs: [input],
    build: x => reshape(x, to),
    reference: x => reshaped(x, result),
    tensorflow: x => tf.reshape(x, result),
  })),
  ...permutations.map((permutation): OperatorCase => ({
    operator: 'transpose',
    title: permutation.join(', '),
    inputs: [{ shape: [2, 3, 4], declared: ['n', 3, 4] }],
    build: x => transpose(x, permutation),
    reference: x =>
      compute(
        permutation.map(axis => x.shape[axis]),
        (...index) => at(x, ...x.shape.map((_, axis) => index[permutation.indexOf(axis)])),
      ),
    tensorflow: x => tf.transpose(x, permutation),
  })),
  ...slices.map(({ title, axis, start, end }): OperatorCase => {
    const [from, to] = [start, end].map(place => (place < 0 ? place + 5 : place));
    return {
      operator: 'slice',
      title,
      inputs: [{ shape: [3, 5], declared: ['n', 5] }],
      build: x => slice(x, axis, start, end),
      reference: x => compute([3, to - from], (row, column) => at(x, row, from + column)),
      tensorflow: x => tf.slice(x, [0, from], [3, to - from]),
    };
  }),
  {
    operator: 'slice',
    title: 'overlapping slices add up',
    inputs: [[5, 2]],
    build: x => [slice(x, 0, 0, 3), slice(x, 0, 2, 5)],
    reference: x => [0, 2].map(start => compute([3, 2], (row, column) => at(x, start + row, column))),
    tensorflow: x => [0, 2].map(start => tf.slice(x, [start, 0], [3, 2])),
  },
  {
    operator: 'concat',
    title: 'the last axis',
    inputs: [
      [3, 1],
      [3, 2],
      [3, 4],
    ].map(shape => ({ shape, declared: ['n', shape[1]] })),
    build: (...parts) => concat(parts, -1),
    reference: (a, b, c) =>
      compute([3, 7], (row, column) =>
        column < 1 ? at(a, row, 0) : column < 3 ? at(b, row, column - 1) : at(c, row, column - 3),
      ),
    tensorflow: (...parts) => tf.concat(parts, -1),
  },
  {
    operator: 'concat',
    title: 'the same tensor twice, first axis',
    inputs: [
      [2, 3],
      [1, 3],
    ],
    build: (a, b) => concat([a, b, a], 0),
    reference: (a, b) =>
      compute([5, 3], (row, column) => (row === 2 ? at(b, 0, column) : at(a, row % 3, column))),
    tensorflow: (a, b) => tf.concat([a, b, a], 0),
  },
  {
    operator: 'identity',
    title: 'matrix',
    inputs: [[2, 3]],
    build: identity,
    reference: x => elementwise(x => x, x),
    tensorflow: x => tf.clone(x),
  },
];

describeOperators(operators, cases, ['shapeOf', 'zerosLike', 'emptyRows', 'everyNth', 'joinAlong']);

it.each(['float32', 'float16', 'bfloat16'] as const)('everyNth takes columns of %s', async dtype => {
  const graph = new Graph();
  const x = cast(graph.input('x', 'float32', ['n', 6]), dtype);
  const outputs = [everyNth(x, 0, 2), everyNth(x, 1, 2), everyNth(x, 2, 3)];
  expect(outputs.map(({ shape }) => shape)).toEqual([
    ['n', 3],
    ['n', 3],
    ['n', 2],
  ]);
  const results = await evaluate(
    graph,
    outputs.map(output => cast(output, 'float32')),
    new Map([[graph.inputs[0], floats([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], [2, 6])]]),
  );
  expect(results.map(numbers)).toEqual([
    [0, 2, 4, 6, 8, 10],
    [1, 3, 5, 7, 9, 11],
    [2, 5, 8, 11],
  ]);
});

it('joinAlong joins what is there', async () => {
  const graph = new Graph();
  const left = graph.input('left', 'float32', [2, 'n']);
  const right = graph.input('right', 'float32', [2, 'm']);
  const joined = joinAlong(1, left, right);
  const feeds = new Map([
    [left, floats([1, 2, 3, 4], [2, 2])],
    [right, floats([5, 6], [2, 1])],
  ]);
  const [result] = await evaluate(graph, [joined], feeds);
  expect(joined.shape).toEqual([2, 'n + m']);
  expect(result.shape).toEqual([2, 3]);
  expect(numbers(result)).toEqual([1, 2, 5, 3, 4, 6]);
});

it('shapeOf, zerosLike and emptyRows', async () => {
  const graph = new Graph();
  const x = graph.input('x', 'float32', ['n', 2]);
  const outputs = [shapeOf(x), zerosLike(x), emptyRows(graph, 3)];
  const [shape, zeros, empty] = await evaluate(
    graph,
    outputs,
    new Map([[x, floats([1, 2, 3, 4, 5, 6], [3, 2])]]),
  );
  expect(numbers(shape)).toEqual([3, 2]);
  expect(zeros.shape).toEqual([3, 2]);
  expect(numbers(zeros)).toEqual([0, 0, 0, 0, 0, 0]);
  expect(empty.shape).toEqual([0, 3]);
});

it('reshape with more than one length to infer is refused', () => {
  const x = new Graph().input('x', 'float32', ['n', 6]);
  expect(() => reshape(x, ['a', 'b', 3])).toThrow(
    'reshape [n, 6] → [a, b, 3]: more than one length to infer',
  );
});

it('slice and concat along an unknown length are refused', () => {
  const x = new Graph().input('x', 'float32', ['n', 6]);
  expect(() => slice(x, 0, 0, 1)).toThrow('slice of an axis of unknown length: [n, 6]');
  expect(() => concat([x, x], 0)).toThrow('concat along an unknown length: [n, 6]');
});
