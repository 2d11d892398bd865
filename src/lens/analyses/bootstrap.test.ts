/** @file Bootstrap intervals against formulas. */
import { describe, expect, it } from 'vitest';

import { Random } from '../../common/random';
import { gainEstimates, meanEstimate, meanEstimates, quantile, relativeGain } from './bootstrap';

describe('quantile', () => {
  it('lies between the nearest values, linearly', () => {
    expect(quantile([1, 2, 3, 4], 0.25)).toBe(1.75);
    expect(quantile([1, 2, 3, 4], 0)).toBe(1);
    expect(quantile([1, 2, 3, 4], 1)).toBe(4);
    expect(quantile([5], 0.3)).toBe(5);
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe('meanEstimate', () => {
  const random = new Random(3);
  const values = Array.from({ length: 400 }, () => 10 + 2 * random.normal());
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;

  it('is the mean, with an interval as the normal distribution has it for many samples', () => {
    const { value, low, high, samples } = meanEstimate(values, 0);
    const halfWidth = 1.96 * Math.sqrt(variance / values.length);
    expect(value).toBeCloseTo(mean, 12);
    expect(samples).toBe(400);
    // The drawn 2.5 % quantile of 2,000 resamples has a standard error of 3 % of this.
    expect(Math.abs((low ?? NaN) - (mean - halfWidth))).toBeLessThan(0.12 * halfWidth);
    expect(Math.abs((high ?? NaN) - (mean + halfWidth))).toBeLessThan(0.12 * halfWidth);
  });

  it('holds the true mean in about 95 of 100 cases', () => {
    let held = 0;
    for (let i = 0; i < 200; i++) {
      const drawn = Array.from({ length: 50 }, () => random.normal());
      const { low, high } = meanEstimate(drawn, i);
      if ((low ?? NaN) <= 0 && (high ?? NaN) >= 0) held++;
    }
    // 190 expected; the binomial distribution leaves this range in less than 1 of 10,000 cases.
    expect(held).toBeGreaterThan(176);
    expect(held).toBeLessThan(200);
  });

  it('gives the same interval for the same seed only', () => {
    expect(meanEstimate(values, 5)).toEqual(meanEstimate(values, 5));
    expect(meanEstimate(values, 5).low).not.toBe(meanEstimate(values, 6).low);
  });

  it('has an interval without width for equal values', () => {
    expect(meanEstimate([7, 7, 7], 0)).toEqual({ value: 7, low: 7, high: 7, samples: 3 });
  });
});

describe('meanEstimates', () => {
  it('leaves out what is not defined for a sample', () => {
    const [first, second, third] = meanEstimates(
      [
        [1, NaN, NaN],
        [3, NaN, 4],
      ],
      0,
    );
    expect([first.value, first.samples]).toEqual([2, 2]);
    expect(second).toEqual({ value: null, low: null, high: null, samples: 0 });
    expect(third).toEqual({ value: 4, low: 4, high: 4, samples: 1 });
  });
});

describe('gainEstimates', () => {
  it('divides the means, and draws the same samples on both sides', () => {
    const base = [[1], [2], [6]];
    // Twice each value: whichever samples are drawn, the gain is 1.
    const twice = base.map(([value]) => [2 * value]);
    expect(gainEstimates(base, twice, 0)).toEqual([{ value: 1, low: 1, high: 1, samples: 3 }]);
    const [mixed] = gainEstimates(base, [[4], [2], [6]], 0);
    expect(mixed.value).toBeCloseTo((12 - 9) / 9, 12);
  });

  it('is not defined where the base is 0', () => {
    expect(relativeGain(0, 1)).toBeNaN();
    expect(gainEstimates([[0], [0]], [[1], [1]], 0)[0].value).toBeNull();
  });
});
