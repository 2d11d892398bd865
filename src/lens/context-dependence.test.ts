/** @file Activation statistics on an example counted by hand. */
import { describe, expect, it } from 'vitest';

import { ActivationStatistics, topExperts } from './context-dependence';

/** Four experts in layer 3, two in layer 5; top-2 and top-1. Samples of three tokens and of one. */
function counted(): ActivationStatistics {
  const statistics = new ActivationStatistics(
    new Map([
      [3, 4],
      [5, 2],
    ]),
  );
  statistics.add(
    new Map([
      [3, { indices: [0, 1, 0, 2, 1, 0] }],
      [5, { indices: [1, 1, 0] }],
    ]),
  );
  statistics.add(
    new Map([
      [3, { indices: [2, 1] }],
      [5, { indices: [0] }],
    ]),
  );
  return statistics;
}

describe('ActivationStatistics', () => {
  it('counts choices', () => {
    expect(counted().activationCounts()).toEqual({ 3: [3, 3, 2, 0], 5: [2, 2] });
  });

  it('weighs each sample the same, whatever its length', () => {
    const { 3: third, 5: fifth } = counted().ratios();
    // Sample 1: [3/6, 2/6, 1/6, 0]; sample 2: [0, 1/2, 1/2, 0]; their mean.
    [3 / 12, 5 / 12, 4 / 12, 0].forEach((ratio, expert) => expect(third[expert]).toBeCloseTo(ratio, 12));
    // Sample 1: [1/3, 2/3]; sample 2: [1, 0].
    [2 / 3, 1 / 3].forEach((ratio, expert) => expect(fifth[expert]).toBeCloseTo(ratio, 12));
  });

  it('refuses a layer without router', () => {
    expect(() => counted().add(new Map([[4, { indices: [0] }]]))).toThrow('layer 4');
  });
});

describe('topExperts', () => {
  it('lists the largest ratios first, by layer', () => {
    expect(topExperts({ 0: [0.1, 0.6, 0.3], 2: [0.5, 0.2, 0.3] }, 2)).toEqual({ 0: [1, 2], 2: [0, 2] });
  });

  it('gives ties to the lower index, also at the end of the list', () => {
    expect(topExperts({ 0: [0.2, 0.3, 0.2, 0.3] }, 3)).toEqual({ 0: [1, 3, 0] });
  });
});
