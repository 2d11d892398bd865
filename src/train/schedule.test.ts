/** @file Learning rates by formula. */
import { describe, expect, it } from 'vitest';

import { learningRateAt, type Schedule } from './schedule';

const rates = (schedule: Partial<Schedule>): number[] => {
  const whole = { kind: 'cosine', learningRate: 1, totalSteps: 10, warmupRatio: 0.2, ...schedule } as const;
  return Array.from({ length: whole.totalSteps + 1 }, (_, step) => learningRateAt(whole, step));
};

describe('learningRateAt', () => {
  it('rises linearly over the warm-up, from above 0 to the full rate', () => {
    expect(rates({ warmupRatio: 0.4 }).slice(0, 4)).toEqual([0.25, 0.5, 0.75, 1]);
  });

  it('falls along half a cosine', () => {
    const expected = Array.from({ length: 9 }, (_, i) => (1 + Math.cos((Math.PI * i) / 8)) / 2);
    rates({})
      .slice(2)
      .forEach((rate, i) => expect(rate).toBeCloseTo(expected[i], 12));
  });

  it('falls linearly', () => {
    expect(rates({ kind: 'linear', totalSteps: 5, warmupRatio: 0.2 })).toEqual([1, 1, 0.75, 0.5, 0.25, 0]);
  });

  it('stays constant, without warm-up', () => {
    expect(new Set(rates({ kind: 'constant', learningRate: 0.01 }))).toEqual(new Set([0.01]));
  });

  it('starts at the full rate where the warm-up is shorter than a step', () => {
    expect(rates({ totalSteps: 3, warmupRatio: 0.1 })[0]).toBe(1);
  });

  it('is never 0 in the only step of a run', () => {
    for (const kind of ['cosine', 'linear', 'constant'] as const)
      expect(learningRateAt({ kind, learningRate: 1, totalSteps: 1, warmupRatio: 1 }, 0)).toBe(1);
  });
});
