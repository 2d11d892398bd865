/** @file What lists of numbers accept: the same as valibot's own numbers. */
import fc from 'fast-check';
import * as v from 'valibot';
import { expect, test } from 'vitest';

import { indices, numbers } from './number-lists';

const pairs = [
  [numbers, v.array(v.number())],
  [indices, v.array(v.pipe(v.number(), v.integer(), v.minValue(0)))],
] as const;

test('agree with the schemas that check number by number', () => {
  const item = fc.oneof(fc.integer(), fc.double(), fc.string(), fc.constant(null), fc.constant(undefined));
  const value = fc.oneof(fc.array(fc.nat()), fc.array(fc.double()), fc.array(item), fc.anything());
  fc.assert(
    fc.property(value, given => {
      for (const [fast, slow] of pairs) expect(v.is(fast, given)).toBe(v.is(slow, given));
    }),
  );
});

test('say what was expected, and where', () => {
  const parsed = v.safeParse(v.object({ weights: v.array(numbers) }), { weights: [[1], ['2']] });
  const issues = parsed.issues?.map(issue => [issue.message, v.getDotPath(issue)]);
  expect(issues).toEqual([['Invalid type: Expected a list of numbers', 'weights.1']]);
});
