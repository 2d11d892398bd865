import { expect, it } from 'vitest';

import { Graph } from '../graph';
import { evaluate, floats, numbers } from '../testing/evaluate';
import { describeOperators } from '../testing/operator-cases';
import * as operators from './columns';

const { joinColumns, splitColumns } = operators;

describeOperators(operators, [], ['joinColumns', 'splitColumns']);

it.each([
  ['some columns of each', [1, 2, 3, 4], 2, [5, 6], [1, 2, 5, 3, 4, 6]],
  ['none on the left', [], 0, [5, 6], [5, 6]],
])('columns are joined and split: %s', async (_, leftValues, width, rightValues, joined) => {
  const graph = new Graph();
  const left = graph.input('left', 'float32', [2, 'n']);
  const right = graph.input('right', 'float32', [2, 'm']);
  const both = joinColumns(left, right);
  const feeds = new Map([
    [left, floats(leftValues, [2, width])],
    [right, floats(rightValues, [2, 1])],
  ]);
  const results = await evaluate(graph, [both, ...splitColumns(both, left, right)], feeds);
  expect(both.shape).toEqual([2, 'n + m']);
  expect(results.map(numbers)).toEqual([joined, leftValues, rightValues]);
  expect(results.map(({ shape }) => shape)).toEqual([
    [2, width + 1],
    [2, width],
    [2, 1],
  ]);
});
