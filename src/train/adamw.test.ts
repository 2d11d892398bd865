/** @file AdamW against its formulas in float64, and clipping. */
import { describe, expect, it } from 'vitest';

import { AdamW, adamWDefaults, clipGlobalNorm, globalNorm } from './adamw';

const gradientsOfSteps = [
  [0.5, -2, 1e-4],
  [0.25, 1, -3e-4],
  [-1, 0, 2e-4],
];
const initial = [1, -0.5, 0.125];

/** The update rule as published, one parameter at a time. */
function oracle(p: number, gradients: readonly number[], lr: number, weightDecay: number): number {
  const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];
  let [m, v] = [0, 0];
  gradients.forEach((g, i) => {
    p -= lr * weightDecay * p;
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g ** 2;
    p -= (lr * (m / (1 - beta1 ** (i + 1)))) / (Math.sqrt(v / (1 - beta2 ** (i + 1))) + epsilon);
  });
  return p;
}

function trained(lr: number, weightDecay: number): Float32Array {
  const optimiser = new AdamW({ ...adamWDefaults, weightDecay });
  const values = Float32Array.from(initial);
  for (const gradient of gradientsOfSteps) {
    optimiser.step(new Map([['w', values]]), new Map([['w', Float32Array.from(gradient)]]), lr);
  }
  return values;
}

describe('AdamW', () => {
  it.each([0, 0.1])('follows the formulas with a weight decay of %d', weightDecay => {
    const values = trained(0.01, weightDecay);
    initial.forEach((p, i) => {
      const gradients = gradientsOfSteps.map(step => step[i]);
      expect(values[i]).toBeCloseTo(oracle(p, gradients, 0.01, weightDecay), 6);
    });
  });

  it('moves each parameter by the learning rate in the first step, whatever the size of its gradient', () => {
    const values = Float32Array.of(0, 0);
    const gradients = new Map([['w', Float32Array.of(1000, -0.001)]]);
    new AdamW().step(new Map([['w', values]]), gradients, 0.01);
    expect(values[0]).toBeCloseTo(-0.01, 6);
    expect(values[1]).toBeCloseTo(0.01, 6);
  });

  it('decays weights without their gradient: decoupled', () => {
    const values = Float32Array.of(2);
    const optimiser = new AdamW({ ...adamWDefaults, weightDecay: 0.5 });
    optimiser.step(new Map([['w', values]]), new Map([['w', Float32Array.of(0)]]), 0.1);
    expect(values[0]).toBeCloseTo(2 - 0.1 * 0.5 * 2, 6);
  });

  it('refuses to leave a parameter without gradient', () => {
    expect(() => new AdamW().step(new Map([['w', Float32Array.of(1)]]), new Map(), 0.1)).toThrow('"w"');
  });
});

describe('clipGlobalNorm', () => {
  const gradients = (): Map<string, Float32Array> =>
    new Map([
      ['a', Float32Array.of(3, 0)],
      ['b', Float32Array.of(4)],
    ]);

  it('scales all arrays together to the limit and gives the norm before', () => {
    const clipped = gradients();
    expect(clipGlobalNorm(clipped, 1)).toBe(5);
    expect(globalNorm(clipped)).toBeCloseTo(1, 6);
    expect(clipped.get('a')?.[0]).toBeCloseTo(3 / 5, 6);
    expect(clipped.get('b')?.[0]).toBeCloseTo(4 / 5, 6);
  });

  it.each([5, 10, 0])('leaves gradients of norm 5 alone with a limit of %d', limit => {
    const same = gradients();
    expect(clipGlobalNorm(same, limit)).toBe(5);
    expect(same).toEqual(gradients());
  });
});
