import { expect, it } from 'vitest';

import { fullSettings, maskLengths } from './settings';
import { bestRate } from './tunings';

it('masks as many experts as a token is sent to, one more, twice as many', () => {
  expect(maskLengths({ num_experts: 16, top_k: 2 })).toEqual([2, 3, 4]);
  expect(maskLengths({ num_experts: 64, top_k: 8 })).toEqual([8, 9, 16]);
});

it('masks no list twice, and none that leaves too few experts', () => {
  expect(maskLengths({ num_experts: 8, top_k: 1 })).toEqual([1, 2]);
  expect(maskLengths({ num_experts: 5, top_k: 2 })).toEqual([2, 3]);
});

it('counts seeds from 0', () => {
  expect(fullSettings(2).seeds).toEqual([0, 1]);
});

it('chooses the learning rate with the lowest dev loss, the first of equals', () => {
  const trials = [0.5, 0.25, 0.25].map((devLoss, i) => ({ rate: i + 1, devLoss }));
  expect(bestRate(trials)).toBe(2);
});
