import { describe, expect, it } from 'vitest';

import { differences, halves, mean, meanOverlap, overlap, spread, spreadByColumn } from './statistics';

describe('spread', () => {
  it('is the mean and the sample standard deviation', () => {
    expect(mean([1, 2, 6])).toBe(3);
    // √(((−2)² + (−1)² + 3²) / 2)
    const { mean: middle, deviation } = spread([1, 2, 6]);
    expect(middle).toBe(3);
    expect(deviation).toBeCloseTo(Math.sqrt(7), 12);
  });

  it('has no deviation with one value', () => {
    expect(spread([5])).toEqual({ mean: 5, deviation: NaN });
  });

  it('is taken column by column', () => {
    expect(
      spreadByColumn([
        [1, 10],
        [3, 10],
      ]),
    ).toEqual([
      { mean: 2, deviation: Math.SQRT2 },
      { mean: 10, deviation: 0 },
    ]);
    expect(spreadByColumn([[], []])).toEqual([]);
  });
});

it('takes differences pair by pair', () => {
  expect(differences([5, 7], [1, 9])).toEqual([4, -2]);
});

describe('overlap', () => {
  it('is the share of common entries, in whatever order', () => {
    expect(overlap([1, 2, 3, 4], [4, 9, 2, 8])).toBe(0.5);
  });

  it('is the mean over pairs of lists', () => {
    // 1 of the first with the second, 1/2 with the third, 1/2 of the second with the third.
    expect(
      meanOverlap([
        [1, 2],
        [2, 1],
        [2, 3],
      ]),
    ).toBeCloseTo(2 / 3, 12);
    expect(meanOverlap([[1, 2]])).toBeNaN();
  });
});

it('leaves the middle one of an odd number of layers out of the halves', () => {
  expect(halves([1, 3, 5, 9])).toEqual({ earlier: 2, later: 7 });
  expect(halves([1, 3, 100, 5, 9])).toEqual({ earlier: 2, later: 7 });
  expect(halves([1])).toEqual({ earlier: NaN, later: NaN });
});
