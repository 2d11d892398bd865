/** @file Dropout: by the published hash, by its statistics, and its gradient. */
import { describe, expect, it } from 'vitest';

import { gradients } from '../gradients';
import { Graph, type Tensor } from '../graph';
import type { HostTensor } from '../session';
import { evaluate, floats, integers, numbers } from '../testing/evaluate';
import * as operators from './dropout';
import { dropout } from './dropout';

/** The factors of a matrix of ones. */
async function factors(rows: number, width: number, probability: number, seed: number): Promise<number[]> {
  const graph = new Graph();
  const x = graph.input('x', 'float32', ['rows', width]);
  const seedInput = graph.input('seed', 'int64', [1]);
  const [y] = await evaluate(
    graph,
    [dropout(x, probability, seedInput)],
    new Map<Tensor, HostTensor>([
      [x, floats(new Array<number>(rows * width).fill(1), [rows, width])],
      [seedInput, integers([seed])],
    ]),
  );
  return numbers(y);
}

/** Thomas Mueller's 32-bit hash. */
function hash32(value: number): number {
  let x = value | 0;
  x = Math.imul((x >>> 16) ^ x, 0x45d9f3b);
  x = Math.imul((x >>> 16) ^ x, 0x45d9f3b);
  return ((x >>> 16) ^ x) >>> 0;
}

describe('dropout', () => {
  it('is the only operator of its module', () => {
    expect(Object.keys(operators)).toEqual(['dropout']);
  });

  it('keeps where the hash of the place and the seed is at least p · 2³²', async () => {
    const [rows, width, seed] = [5, 4, 2 ** 30 - 3];
    const expected = Array.from({ length: rows * width }, (_, i) => {
      const [row, column] = [Math.floor(i / width), i % width];
      const place = Math.imul(row, 0x9e3779b1) + Math.imul(column, 0x85ebca77) + Math.imul(seed, 0x42b2ae3d);
      return hash32(place) >= 0.25 * 2 ** 32 ? Math.fround(1 / 0.75) : 0;
    });
    expect(await factors(rows, width, 0.25, seed)).toEqual(expected);
  });

  it('drops the share asked for, evenly over rows and columns, and other elements with another seed', async () => {
    const [rows, width, probability] = [400, 50, 0.1];
    const dropped = (await factors(rows, width, probability, 1)).map(factor => Number(factor === 0));
    const share = (values: readonly number[]): number =>
      values.reduce((sum, value) => sum + value, 0) / values.length;
    // Six standard deviations of a share of n draws.
    const within = (n: number): number => 6 * Math.sqrt((probability * (1 - probability)) / n);
    expect(Math.abs(share(dropped) - probability)).toBeLessThan(within(rows * width));
    for (let column = 0; column < width; column++) {
      const ofColumn = dropped.filter((_, i) => i % width === column);
      expect(Math.abs(share(ofColumn) - probability)).toBeLessThan(within(rows));
    }
    for (let row = 0; row < rows; row++) {
      const ofRow = dropped.slice(row * width, (row + 1) * width);
      expect(Math.abs(share(ofRow) - probability)).toBeLessThan(within(width));
    }
    const other = (await factors(rows, width, probability, 2)).map(factor => Number(factor === 0));
    const both = share(dropped.map((value, i) => value * other[i]));
    expect(Math.abs(both - probability ** 2)).toBeLessThan(within(rows * width));
  });

  it('has the same factors as gradient', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [6, 3]);
    const dy = graph.input('dy', 'float32', [6, 3]);
    const seed = graph.input('seed', 'int64', [1]);
    const y = dropout(x, 0.5, seed);
    const [dx] = gradients([{ output: y, gradient: dy }], [x]);
    if (!dx) throw new Error('no gradient');
    const values = Array.from({ length: 18 }, (_, i) => i - 7.5);
    const [forward, backward] = await evaluate(
      graph,
      [y, dx],
      new Map<Tensor, HostTensor>([
        [x, floats(values, [6, 3])],
        [dy, floats(values, [6, 3])],
        [seed, integers([11])],
      ]),
    );
    expect(numbers(backward)).toEqual(numbers(forward));
    expect(new Set(numbers(forward).map((value, i) => Math.abs(value / values[i])))).toEqual(new Set([0, 2]));
  });
});
