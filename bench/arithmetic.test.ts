import { describe, expect, it } from 'vitest';

import { allTokensArithmetic, leastArithmetic } from './arithmetic';
import type { Geometry } from './random-checkpoint';

const geometry: Geometry = {
  layers: 1,
  hidden: 2,
  heads: 1,
  experts: 3,
  topK: 1,
  width: 5,
  vocabulary: 7,
};
/** Three tokens, the last of which is the answer: position 1 predicts it and sees two keys. */
const rows = [{ input_ids: [0, 1, 2], answer_start: 2 }];

// Counted by hand.
const head = 1 * 2 * 7;
/** All three tokens: four projections, six visible pairs, router, three products in the expert. */
const whole = 4 * 3 * 2 * 2 + 2 * 6 * 2 + 3 * 2 * 3 + 3 * 3 * 2 * 5;
/** Keys and values of three tokens, the rest for one. */
const answer = 2 * 3 * 2 * 2 + 2 * 1 * 2 * 2 + 2 * 2 * 2 + 1 * 2 * 3 + 3 * 1 * 2 * 5;

describe('least arithmetic', () => {
  it('counts for one layer what the answer needs, and backwards the head, one product and the router', () => {
    expect(leastArithmetic(geometry, rows)).toEqual({
      forward: answer + head,
      step: answer + head + head + (1 * 2 * 5 + 1 * 2 * 3),
    });
  });

  it('counts all tokens in lower layers, and the way back through the upper one', () => {
    const upperBackward = answer + 2 * 2 * 2 + 1 * 2 * 3; // four attention products, not two; the router's gradient
    const lowerBackward = 3 * 2 * 5 + 3 * 2 * 3;
    expect(leastArithmetic({ ...geometry, layers: 2 }, rows)).toEqual({
      forward: whole + answer + head,
      step: whole + answer + head + head + upperBackward + lowerBackward,
    });
  });

  it('counts every layer in full where all tokens are wanted', () => {
    expect(allTokensArithmetic({ ...geometry, layers: 3 }, rows)).toBe(3 * whole);
  });
});
