/**
 * @file Makes `toEqual` quick for arrays of numbers, with the same verdict: Vitest itself looks at millions of weights one
 * by one, as if each might be an object, which takes longer than to train them.
 */
import { expect } from 'vitest';

const kinds = [Float32Array, Float64Array, Int32Array, Uint8Array];

expect.addEqualityTesters([
  (a: unknown, b: unknown) => {
    for (const kind of kinds)
      if (a instanceof kind && b instanceof kind)
        return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
    return undefined; // Vitest decides
  },
]);
