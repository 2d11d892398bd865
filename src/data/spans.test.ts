/** @file Token spans of character ranges. */
import { describe, expect, it } from 'vitest';

import { shifted, type Span, tokensOverlapping } from './spans';

// "ab cd" as [ab][ c][][d]: a leading space belongs to its token, one token covers nothing.
const offsets: Span[] = [
  [0, 2],
  [2, 4],
  [4, 4],
  [4, 5],
];

describe('tokensOverlapping', () => {
  it.each<[Span, Span | undefined]>([
    [
      [0, 5],
      [0, 4],
    ],
    [
      [3, 5],
      [1, 4],
    ],
    [
      [3, 4],
      [1, 2],
    ],
    [
      [4, 5],
      [3, 4],
    ],
    [
      [1, 3],
      [0, 2],
    ],
    [[2, 2], undefined],
    [[5, 9], undefined],
  ])('characters %j are tokens %j', (characters, tokens) => {
    expect(tokensOverlapping(offsets, characters)).toEqual(tokens);
  });
});

it('shifted moves both ends', () => {
  expect(shifted([2, 5], 10)).toEqual([12, 15]);
});
