/** @file What is said of one token. */
import { describe, expect, it } from 'vitest';

import { smallView } from './small-view.fixture';
import {
  attentionReceived,
  choices,
  compareChoices,
  faithfulShare,
  firstToShow,
  relativeGain,
  spanRange,
} from './token-facts';

const view = smallView;
const tuned = view.tuned ?? view.base;

describe('experts of a token', () => {
  it('by layer, in the order of the router, with ★', () => {
    expect(choices(view, tuned, 1)).toEqual([
      {
        layer: 1,
        experts: [
          { expert: 1, weight: 0.75, faithful: false },
          { expert: 0, weight: 0.25, faithful: true },
        ],
      },
      {
        layer: 2,
        experts: [
          { expert: 0, weight: 0.75, faithful: true },
          { expert: 3, weight: 0.25, faithful: false },
        ],
      },
    ]);
  });

  it('compared with the base model: kept, added, dropped', () => {
    const compared = compareChoices(
      choices(view, view.base, 0)[0].experts,
      choices(view, tuned, 0)[0].experts,
    );
    expect(compared).toEqual([
      { expert: 3, weight: 0.5, faithful: true, change: 'added' },
      { expert: 0, weight: 0.5, faithful: true, change: 'kept' },
      { expert: 1, weight: 0.5, faithful: false, change: 'dropped' },
    ]);
  });
});

describe('means over layers', () => {
  it('share sent to ★', () => expect(faithfulShare(view, 0)).toEqual({ base: 0.625, tuned: 0.75 }));
  it('attention received', () => {
    const attention = attentionReceived(view, 0);
    expect(attention?.base).toBeCloseTo(0.4, 12);
    expect(attention?.tuned).toBeCloseTo(0.6, 12);
  });
  it('without a run there is nothing tuned', () => {
    expect(attentionReceived({ ...view, tuned: undefined }, 0)?.tuned).toBeUndefined();
    expect(faithfulShare({ ...view, base: { ...view.base, ce_share: [] } }, 0)).toBeUndefined();
  });
});

describe('the prompt', () => {
  it('range of a span and first token to show', () => {
    expect(spanRange(view, 'context')).toEqual({ from: 0, to: 1 });
    expect(firstToShow(view)).toBe(0);
    const question = {
      ...view,
      tokens: view.tokens.map(token => ({ ...token, span: 'question' as const, answer_in_context: false })),
    };
    expect(spanRange(question, 'context')).toBeUndefined();
    expect(firstToShow(question)).toBe(1);
  });
  it('gain is relative to the base, absent where the base is 0', () => {
    expect(relativeGain([0.5, 0.2, 0], [0.75, 0.1, 0.4])).toEqual([0.5, -0.5, null]);
  });
});
