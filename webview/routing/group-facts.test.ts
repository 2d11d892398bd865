/** @file What is said of a group of tokens, worked by hand. */
import { describe, expect, it } from 'vitest';

import { groupAttention, groupChoices, groupShare } from './group-facts';
import { smallView as view } from './small-view.fixture';
import { choices, faithfulShare } from './token-facts';

const all = { from: 0, to: 2 };
const second = { from: 1, to: 2 };

describe('a group of several tokens', () => {
  it('has the mean weight of each expert, largest first', () => {
    // Layer 1, base: {0: 0.5, 1: 0.5} and {1: 0.75, 2: 0.25}.
    expect(groupChoices(view, view.base, all)[0].experts).toEqual([
      { expert: 1, weight: 0.625, faithful: false },
      { expert: 0, weight: 0.25, faithful: true },
      { expert: 2, weight: 0.125, faithful: false },
    ]);
  });
  it('has the mean share, and the attention of all its tokens', () => {
    // Base: (0.625 + 0) / 2; tuned: (0.75 + 0.5) / 2. Attention sums to 1 over all tokens.
    expect(groupShare(view, all)).toEqual({ base: 0.3125, tuned: 0.625 });
    const attention = groupAttention(view, all);
    expect(attention?.base).toBeCloseTo(1, 12);
    expect(attention?.tuned).toBeCloseTo(1, 12);
  });
  it('has nothing tuned without a run, no share without context-faithful experts', () => {
    const base = { ...view, tuned: undefined };
    expect(groupShare(base, all)).toEqual({ base: 0.3125, tuned: undefined });
    expect(groupShare({ ...base, base: { ...view.base, ce_share: [] } }, all)).toBeUndefined();
  });
});

it('one token has what the hover says of it', () => {
  expect(groupChoices(view, view.base, second)).toEqual(choices(view, view.base, 1));
  expect(groupShare(view, second)).toEqual(faithfulShare(view, 1));
});
