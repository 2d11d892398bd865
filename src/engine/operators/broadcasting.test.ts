import { expect, it } from 'vitest';

import { Graph } from '../graph';
import type { Shape } from '../shape';
import { evaluate, floats, numbers } from '../testing/evaluate';
import { describeOperators } from '../testing/operator-cases';
import * as operators from './broadcasting';

const { expandAs, sumToShape } = operators;

// Neither is differentiated: they are emitted by gradient rules only.
describeOperators(operators, [], ['expandAs', 'sumToShape']);

it('expandAs repeats an element along the axes of length 1', async () => {
  const graph = new Graph();
  const x = graph.input('x', 'float32', [2, 1]);
  const like = graph.input('like', 'float32', ['n', 3]);
  const feeds = new Map([
    [x, floats([1, 2], [2, 1])],
    [like, floats([0, 0, 0, 0, 0, 0], [2, 3])],
  ]);
  const [actual] = await evaluate(graph, [expandAs(x, like)], feeds);
  expect(actual.shape).toEqual([2, 3]);
  expect(numbers(actual)).toEqual([1, 1, 1, 2, 2, 2]);
});

it.each<{ title: string; gradient: Shape; target: Shape; expected: number[]; shape: number[] }>([
  {
    title: 'added axes',
    gradient: ['a', 'b', 2],
    target: ['b', 2],
    expected: [6, 8, 10, 12, 14, 16],
    shape: [3, 2],
  },
  {
    title: 'a stretched axis',
    gradient: [2, 3, 2],
    target: [2, 1, 2],
    expected: [6, 9, 24, 27],
    shape: [2, 1, 2],
  },
  {
    title: 'a stretched symbolic axis',
    gradient: ['a', 'b', 2],
    target: ['a', 1, 2],
    expected: [6, 9, 24, 27],
    shape: [2, 1, 2],
  },
  {
    title: 'added and stretched',
    gradient: ['a', 'b', 2],
    target: [1, 2],
    expected: [30, 36],
    shape: [1, 2],
  },
  { title: 'down to a scalar', gradient: ['a', 'b', 2], target: [], expected: [66], shape: [] },
])('sumToShape: $title', async ({ gradient, target, expected, shape }) => {
  const graph = new Graph();
  const x = graph.input('x', 'float32', gradient);
  const result = sumToShape(x, graph.input('target', 'float32', target));
  expect(result.shape).toEqual(target);
  const values = Array.from({ length: 12 }, (_, i) => i);
  const [actual] = await evaluate(graph, [result], new Map([[x, floats(values, [2, 3, 2])]]));
  expect(actual.shape).toEqual(shape);
  expect(numbers(actual)).toEqual(expected);
});

it('sumToShape leaves a gradient alone that has the shape already', () => {
  const graph = new Graph();
  const x = graph.input('x', 'float32', ['n', 3]);
  expect(sumToShape(x, graph.input('target', 'float32', ['n', 3]))).toBe(x);
});
