import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';

import { gradients } from '../gradients';
import { Graph } from '../graph';
import { elementwise } from '../testing/array64';
import { evaluate, floats, numbers } from '../testing/evaluate';
import { type CaseInput, describeOperators, type OperatorCase } from '../testing/operator-cases';
import * as operators from './elementwise';

const { add, clip, divide, exponential, multiply, negate, sigmoid, silu, squareRoot, subtract } = operators;

const broadcasts: { title: string; a: CaseInput; b: CaseInput }[] = [
  { title: 'equal shapes', a: { shape: [3, 4] }, b: { shape: [3, 4] } },
  { title: 'scalars', a: { shape: [] }, b: { shape: [] } },
  { title: 'a row on the right', a: { shape: [3, 4] }, b: { shape: [4] } },
  { title: 'a row on the left', a: { shape: [4] }, b: { shape: [3, 4] } },
  { title: 'a scalar on the right', a: { shape: [3, 4] }, b: { shape: [] } },
  { title: 'a scalar on the left', a: { shape: [] }, b: { shape: [3, 4] } },
  { title: 'one element on the right', a: { shape: [3, 4] }, b: { shape: [1] } },
  { title: 'column and row', a: { shape: [3, 1] }, b: { shape: [1, 4] } },
  { title: 'a column under leading axes', a: { shape: [2, 3, 4] }, b: { shape: [3, 1] } },
  { title: 'both stretched, different ranks', a: { shape: [3, 1] }, b: { shape: [2, 1, 4] } },
  { title: 'ones on both sides', a: { shape: [1, 1, 4] }, b: { shape: [3, 1, 1] } },
  {
    title: 'a row under rows of symbolic number',
    a: { shape: [3, 4], declared: ['n', 4] },
    b: { shape: [1, 4] },
  },
  {
    title: 'two symbolic axes under an added one',
    a: { shape: [2, 3, 4], declared: [2, 'n', 'm'] },
    b: { shape: [3, 4], declared: ['n', 'm'] },
  },
  {
    title: 'an added symbolic axis on the right',
    a: { shape: [4], declared: ['m'] },
    b: { shape: [3, 4], declared: ['n', 'm'] },
  },
];

const binaryCases = broadcasts.flatMap(({ title, a, b }): OperatorCase[] => [
  {
    operator: 'add',
    title,
    inputs: [a, b],
    build: add,
    reference: (a, b) => elementwise((x, y) => x + y, a, b),
    tensorflow: (a, b) => tf.add(a, b),
  },
  {
    operator: 'subtract',
    title,
    inputs: [a, b],
    build: subtract,
    reference: (a, b) => elementwise((x, y) => x - y, a, b),
    tensorflow: (a, b) => tf.sub(a, b),
  },
  {
    operator: 'multiply',
    title,
    inputs: [a, b],
    build: multiply,
    reference: (a, b) => elementwise((x, y) => x * y, a, b),
    tensorflow: (a, b) => tf.mul(a, b),
  },
  {
    operator: 'divide',
    title,
    inputs: [a, { ...b, range: [0.5, 2] }],
    build: divide,
    reference: (a, b) => elementwise((x, y) => x / y, a, b),
    tensorflow: (a, b) => tf.div(a, b),
  },
]);

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

const unaryCases: OperatorCase[] = [
  {
    operator: 'multiply',
    title: 'a tensor by itself',
    inputs: [[3, 4]],
    build: x => multiply(x, x),
    reference: x => elementwise(x => x * x, x),
    tensorflow: x => tf.square(x),
  },
  {
    operator: 'divide',
    title: 'negative divisors',
    inputs: [[3, 4], { shape: [3, 4], range: [-2, -0.5] }],
    build: divide,
    reference: (a, b) => elementwise((x, y) => x / y, a, b),
    tensorflow: (a, b) => tf.div(a, b),
  },
  {
    operator: 'negate',
    title: 'matrix',
    inputs: [[3, 4]],
    build: negate,
    reference: x => elementwise(x => -x, x),
    tensorflow: x => tf.neg(x),
  },
  {
    operator: 'squareRoot',
    title: 'positive numbers',
    inputs: [{ shape: [3, 4], range: [0.25, 4] }],
    build: squareRoot,
    reference: x => elementwise(Math.sqrt, x),
    tensorflow: x => tf.sqrt(x),
  },
  {
    operator: 'exponential',
    title: 'matrix',
    inputs: [[3, 4]],
    build: exponential,
    reference: x => elementwise(Math.exp, x),
    tensorflow: x => tf.exp(x),
  },
  {
    operator: 'sigmoid',
    title: 'into both tails',
    inputs: [{ shape: [4, 5], range: [-8, 8] }],
    build: sigmoid,
    reference: x => elementwise(logistic, x),
    tensorflow: x => tf.sigmoid(x),
  },
  {
    operator: 'silu',
    title: 'into both tails',
    inputs: [{ shape: [4, 5], range: [-8, 8] }],
    build: silu,
    reference: x => elementwise(x => x * logistic(x), x),
    tensorflow: x => tf.mul(x, tf.sigmoid(x)),
  },
  {
    operator: 'clip',
    title: 'some inside, some outside',
    inputs: [[4, 5]],
    build: x => clip(x, -0.5, 1),
    reference: x => elementwise(x => Math.min(Math.max(x, -0.5), 1), x),
    tensorflow: x => tf.clipByValue(x, -0.5, 1),
  },
];

describeOperators(operators, [...binaryCases, ...unaryCases], ['cast', 'compare']);

it('clip passes the gradient at its bounds', async () => {
  const values = [-2, -1, 0, 1, 2];
  const graph = new Graph();
  const x = graph.input('x', 'float32', [5]);
  const [gradient] = gradients([{ output: clip(x, -1, 1), gradient: graph.float([1, 2, 3, 4, 5]) }], [x]);
  if (!gradient) throw new Error('no gradient');
  const [actual] = await evaluate(graph, [gradient], new Map([[x, floats(values)]]));
  expect(numbers(actual)).toEqual([0, 2, 3, 4, 0]);
  const autograd = tf.grad(x => tf.clipByValue(x, -1, 1))(tf.tensor(values), tf.tensor([1, 2, 3, 4, 5]));
  expect([...(await autograd.data())]).toEqual([0, 2, 3, 4, 0]);
});

it('compare and cast: a mask of zeros and ones', async () => {
  const graph = new Graph();
  const a = graph.input('a', 'float32', [3, 1]);
  const b = graph.input('b', 'float32', [3]);
  const feeds = new Map([
    [a, floats([1, 2, 3], [3, 1])],
    [b, floats([1, 2, 3])],
  ]);
  const comparisons = {
    Equal: (x: number, y: number) => x === y,
    Greater: (x: number, y: number) => x > y,
    GreaterOrEqual: (x: number, y: number) => x >= y,
    Less: (x: number, y: number) => x < y,
    LessOrEqual: (x: number, y: number) => x <= y,
  };
  for (const [name, holds] of Object.entries(comparisons)) {
    const mask = operators.cast(operators.compare(name as keyof typeof comparisons, a, b), 'float32');
    const [actual] = await evaluate(graph, [mask], feeds);
    const expected = [1, 2, 3].flatMap(x => [1, 2, 3].map(y => Number(holds(x, y))));
    expect(numbers(actual)).toEqual(expected);
  }
});

it('cast to the type that a tensor has is that tensor', () => {
  const x = new Graph().input('x', 'float32', [2]);
  expect(operators.cast(x, 'float32')).toBe(x);
});
