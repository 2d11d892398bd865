/** @file Load of experts and tokens of an expert, counted by hand. */
import { describe, expect, it } from 'vitest';

import { expertLoad, isFaithful, tokensOf } from './expert-use';
import { smallView } from './small-view.fixture';

const { base, tuned = base } = smallView;

describe('load', () => {
  it('is the share of the top-k places', () => {
    // Layer 1: experts 0 1 | 1 2. Layer 2: 2 3 | 0 1.
    expect(expertLoad(smallView, base)).toEqual([
      [0.25, 0.5, 0.25, 0],
      [0.25, 0.25, 0.25, 0.25],
    ]);
    // Layer 1: 3 0 | 1 0. Layer 2: 2 1 | 0 3.
    expect(expertLoad(smallView, tuned)).toEqual([
      [0.5, 0.25, 0, 0.25],
      [0.25, 0.25, 0.25, 0.25],
    ]);
  });
  it('of no tokens is nothing', () => {
    const empty = { ...base, topk_indices: [[]], topk_weights: [[]] };
    expect(expertLoad({ ...smallView, tokens: [] }, empty)).toEqual([[0, 0, 0, 0]]);
  });
});

describe('tokens of an expert', () => {
  it('with its weight for each', () => {
    expect(tokensOf(smallView, base, { layer: 1, expert: 1 })).toEqual([
      { token: 0, weight: 0.5 },
      { token: 1, weight: 0.75 },
    ]);
    expect(tokensOf(smallView, tuned, { layer: 2, expert: 3 })).toEqual([{ token: 1, weight: 0.25 }]);
    expect(tokensOf(smallView, tuned, { layer: 1, expert: 2 })).toEqual([]);
  });
  it('a layer without a router has none', () =>
    expect(tokensOf(smallView, base, { layer: 0, expert: 0 })).toEqual([]));
  it('context-faithful or not', () => {
    expect(isFaithful(smallView, { layer: 1, expert: 3 })).toBe(true);
    expect(isFaithful(smallView, { layer: 1, expert: 2 })).toBe(false);
    expect(isFaithful(smallView, { layer: 0, expert: 0 })).toBe(false);
  });
});
