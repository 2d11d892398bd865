/** @file Pictures with fewer columns. */
import { describe, expect, it } from 'vitest';

import { halved, levelFor } from './pixel-levels';

/** Opaque grey pixels. */
const greys = (...values: number[]): Uint8ClampedArray<ArrayBuffer> =>
  Uint8ClampedArray.from(values.flatMap(value => [value, value, value, 255]));

describe('half as many columns', () => {
  it('each the mean of two, rounded up; an odd one stays', () => {
    const half = halved({ data: greys(0, 100, 7, 10, 21, 200), columns: 3, rows: 2 });
    expect([half.columns, half.rows]).toEqual([2, 2]);
    expect([...half.data]).toEqual([...greys(50, 7, 16, 200)]);
  });
  it('of nothing is nothing', () =>
    expect(halved({ data: greys(), columns: 0, rows: 0 }).data).toHaveLength(0));
});

describe('level', () => {
  it('none while every column has a pixel, one more for each doubling', () => {
    expect([100, 1000, 1001, 2000, 2001, 4000].map(columns => levelFor(columns, 1000))).toEqual([
      0, 0, 1, 1, 2, 2,
    ]);
  });
});
