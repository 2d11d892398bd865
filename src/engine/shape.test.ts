import { describe, expect, it } from 'vitest';

import { broadcastShapes, elementCount, positiveAxis, type Shape, showShape } from './shape';

describe('broadcastShapes', () => {
  it.each<[Shape, Shape, Shape]>([
    [[], [], []],
    [[3], [], [3]],
    [[2, 3], [3], [2, 3]],
    [
      [2, 1],
      [1, 3],
      [2, 3],
    ],
    [
      [4, 1, 3],
      [2, 1],
      [4, 2, 3],
    ],
    [
      ['n', 3],
      ['n', 1],
      ['n', 3],
    ],
    [['n', 1], ['m'], ['n', 'm']],
    [
      [1, 0],
      [2, 1],
      [2, 0],
    ],
  ])('%j and %j give %j, either way round', (a, b, expected) => {
    expect(broadcastShapes(a, b)).toEqual(expected);
    expect(broadcastShapes(b, a)).toEqual(expected);
  });

  it.each<[Shape, Shape, string]>([
    [[2], [3], 'shapes [2] and [3] do not broadcast'],
    [['n'], ['m'], 'shapes [n] and [m] do not broadcast'],
    [['n', 4], [3, 4], 'shapes [n, 4] and [3, 4] do not broadcast'],
    [[2, 3], [2], 'shapes [2, 3] and [2] do not broadcast'],
  ])('%j and %j are refused', (a, b, message) => {
    expect(() => broadcastShapes(a, b)).toThrow(message);
  });
});

it('elementCount multiplies known lengths', () => {
  expect(elementCount([])).toBe(1);
  expect(elementCount([2, 3, 4])).toBe(24);
  expect(elementCount([2, 0])).toBe(0);
  expect(() => elementCount([2, 'n'])).toThrow('the size of [2, n] is not known before the run');
});

it('positiveAxis counts negative axes from the back', () => {
  expect([-3, -1, 0, 2].map(axis => positiveAxis(axis, 3))).toEqual([0, 2, 0, 2]);
  expect(() => positiveAxis(3, 3)).toThrow('axis 3 is out of range for rank 3');
  expect(() => positiveAxis(-4, 3)).toThrow('axis -4 is out of range for rank 3');
});

it('showShape', () => {
  expect(showShape(['n', 4])).toBe('[n, 4]');
});
