import { expect, test } from 'vitest';

import { learnMerges } from './merges';

test('the most frequent pair is merged first, until words are whole', () => {
  // "on" three times, "ton" twice; what is left has one pair each, in the words' order.
  expect(learnMerges(['ton', 'tone', 'one', 'a'])).toEqual([
    ['o', 'n'],
    ['t', 'on'],
    ['ton', 'e'],
    ['on', 'e'],
  ]);
});

test('a pair that overlaps itself is merged from the left', () => {
  expect(learnMerges(['aaa'])).toEqual([
    ['a', 'a'],
    ['aa', 'a'],
  ]);
});
