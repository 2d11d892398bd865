/** @file Times as progress lines show them. */
import { expect, it } from 'vitest';

import { duration } from './progress-line';

it.each([
  [0.2, '1 s'],
  [59, '59 s'],
  [59.5, '1 min 0 s'],
  [61, '1 min 1 s'],
  [119.7, '2 min 0 s'],
  [3599.8, '1 h 0 min'],
  [3700, '1 h 1 min'],
  [36_000, '10 h 0 min'],
])('%d seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});
