/** @file Attention by head, pooled by hand. */
import { describe, expect, it } from 'vitest';

import { headRange, headsOf, pooled } from './head-strips';

const result = { layers: [0], heads: 1, base: [[[0.5, 0.25, 0.25]]], tuned: [[[0.25, 0.5, 0.25]]] };

describe('the chosen side', () => {
  it('base, tuned, or their difference', () => {
    expect(headsOf(result, 'base')).toEqual([[[0.5, 0.25, 0.25]]]);
    expect(headsOf(result, 'tuned')).toEqual([[[0.25, 0.5, 0.25]]]);
    expect(headsOf(result, 'difference')).toEqual([[[-0.25, 0.25, 0]]]);
  });
  it('base without a run', () =>
    expect(headsOf({ ...result, tuned: undefined }, 'difference')).toEqual(result.base));
});

describe('strips', () => {
  it('keep the largest magnitude of each part', () => {
    expect(pooled([0, 1, 0, -3, 2, 0], 3)).toEqual([1, -3, 2]);
    expect(pooled([0, 1, 0, -3, 2, 0], 1)).toEqual([-3]);
  });
  it('show each token where there are fewer than pixels', () =>
    expect(pooled([1, 2], 4)).toEqual([1, 1, 2, 2]));
});

describe('the scale', () => {
  it('leaves the first token out', () => {
    expect(headRange([[[0.9, 0.04, 0.06]]], false)).toEqual({ low: 0, high: 0.06 });
  });
  it('is even around zero for differences', () =>
    expect(headRange(headsOf(result, 'difference'), true)).toEqual({ low: -0.25, high: 0.25 }));
});
