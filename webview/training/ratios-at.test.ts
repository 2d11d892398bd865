/** @file Ratios while a training goes on. */
import { expect, it } from 'vitest';

import { ratiosAt } from './ratios-at';

const lines = [
  { step: 0, ratio: { '1': [0.5, 0.5] } },
  { step: 4, ratio: { '1': [0.25, 0.75] } },
  { step: 8, ratio: { '1': [0.375, 0.625] } },
];

it('are compared with the first, on scales that hold for all', () => {
  expect(ratiosAt(lines, 2)).toEqual({
    layers: [1],
    base: [[0.5, 0.5]],
    tuned: [[0.375, 0.625]],
    difference: [[-0.125, 0.125]],
    highest: 0.75,
    largestChange: 0.25,
  });
  expect(ratiosAt(lines, 0)).toMatchObject({ difference: [[0, 0]], highest: 0.75, largestChange: 0.25 });
});
