import { describe, expect, it } from 'vitest';

import { above, type Claim, claimsOf, notBelow } from './claims';
import type { Measurements } from './measurements';
import { twoSeeds } from './testing/measurements';

describe('the rule for "larger"', () => {
  it.each([
    // Means 12, 10.5, 8; deviations 1.41, 2.12, 1.41.
    ['by more than a deviation above the margin', [11, 13], 10, 'holds'],
    ['within a deviation of the margin', [9, 12], 10, 'not clear'],
    ['by more than a deviation below the margin', [7, 9], 10, 'does not hold'],
    ['no difference at all', [0, 0], 0, 'not clear'],
    ['the same difference each time', [3, 3], 0, 'holds'],
    ['one seed', [50], 0, 'not clear'],
    ['not defined', [NaN, 1], 0, 'not clear'],
  ] as const)('%s', (_, values, margin, verdict) => {
    expect(above(values, margin)).toBe(verdict);
  });
});

describe('the rule for "as good or better"', () => {
  it.each([
    ['above', [1, 3], 'holds'],
    // Mean −1, deviation 1.41.
    ['below, within a deviation', [-2, 0], 'holds'],
    ['no difference at all', [0, 0], 'holds'],
    // Mean −3, deviation 1.41.
    ['below by more than a deviation', [-4, -2], 'does not hold'],
    // Means −6 and 2, deviation 8.49: more than five points.
    ['below, within a deviation that is too large', [-12, 0], 'not clear'],
    ['above, within a deviation that is too large', [-4, 8], 'not clear'],
    ['one seed', [2], 'not clear'],
  ] as const)('%s', (_, values, verdict) => {
    expect(notBelow(values)).toBe(verdict);
  });
});

describe('the claims', () => {
  const claimAbout = (part: string, measurements: Measurements = twoSeeds): Claim => {
    const found = claimsOf(measurements).filter(({ statement }) => statement.includes(part));
    expect(found.length).toBe(1);
    return found[0];
  };

  it('compare router tuning with the untuned model', () => {
    // Differences 50 and 54.
    const { verdict, figures } = claimAbout('Tuning the routers alone');
    expect(verdict).toBe('holds');
    expect(figures).toBe('swap EM: RT 82.0 ± 2.8, base 30.0 ± 0.0; difference +52.0 ± 2.8');
  });

  it.each([
    ['context-faithful experts hurts RT more than masking original', '+19.0 ± 1.4'], // 20, 18
    ['context-faithful experts hurts RT more than masking random', '+46.0 ± 5.7'], // 50, 42
    ['original experts hurts RT more than masking random', '+27.0 ± 4.2'], // 30, 24
  ])('masking %s', (part, difference) => {
    const { verdict, figures } = claimAbout(part);
    expect([verdict, figures.endsWith(`difference ${difference}`)]).toEqual(['holds', true]);
  });

  it('masking is judged by the lists of the first length', () => {
    const masking = twoSeeds.masking.map(result => {
      const [first] = result.masked;
      return { ...result, masked: [{ ...first, oe: first.ce }, first] };
    });
    const { verdict } = claimAbout('more than masking original', { ...twoSeeds, masking });
    expect(verdict).toBe('not clear');
  });

  it('compare CEFT with FFT', () => {
    // −2 and +2; 1000 against 100 parameters.
    const { statement, verdict } = claimAbout('CEFT is as good as FFT');
    expect([verdict, statement.includes('10.0 times fewer')]).toEqual(['holds', true]);
    // 25 and 37.
    const forgetting = claimAbout('forgets less');
    expect([forgetting.verdict, forgetting.figures.includes('base 95.0')]).toEqual(['holds', true]);
  });

  it('compare the later half of the layers with the earlier', () => {
    // CAG 0.4, 0.2; AAG 2, 4; APG −0.2, 0.2.
    expect(['CAG', 'AAG', 'APG'].map(gain => claimAbout(gain).verdict)).toEqual([
      'holds',
      'holds',
      'not clear',
    ]);
  });

  it('look at gains on other tasks than that tuned on', () => {
    // (10 − 2 + 20 − 4 + 10 + 2) / 6 = 6, (14 + 2 + 24 + 0 + 14 + 2) / 6 = 9⅓.
    const { verdict, figures } = claimAbout('helps on the others');
    expect([verdict, figures.endsWith(': +7.7 ± 2.4')]).toEqual(['holds', true]);
  });

  it('are not clear with one seed', () => {
    const first = <T>(list: readonly T[]): T[] => list.slice(0, 1);
    const { methods, masking, inside, transfer } = twoSeeds;
    const oneSeed = {
      ...twoSeeds,
      ...{ methods: first(methods), masking: first(masking) },
      ...{ inside: first(inside), transfer: first(transfer) },
    };
    expect(new Set(claimsOf(oneSeed).map(({ verdict }) => verdict))).toEqual(new Set(['not clear']));
  });
});
