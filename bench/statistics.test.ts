import { describe, expect, it } from 'vitest';

import { median, medianRatio, takeTurns } from './statistics';

describe('statistics', () => {
  it('takes the middle, or the mean of the two in the middle', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it('takes ratios round by round', () => {
    // A machine that became twice as slow in the second round, for both.
    expect(medianRatio([2, 4, 2], [1, 2, 1])).toBe(2);
  });

  it('lets works take turns and leaves the first round out', async () => {
    const order: string[] = [];
    const work = (name: string) => () => Promise.resolve(order.push(name));
    const seconds = await takeTurns(2, { a: work('a'), b: work('b') });
    expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
    expect(seconds).toEqual({ a: [3, 5], b: [4, 6] });
  });
});
