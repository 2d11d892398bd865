/** @file Masked sets: what is in them, what is refused. */
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { InputError } from '../../common/errors';
import {
  countMasked,
  isMasked,
  maskSize,
  nameProblem,
  randomLike,
  withMasked,
  withoutMasked,
} from './masked-set';

const geometry = { num_experts: 4, top_k: 2 };

test('experts are masked once, ascending, and used again', () => {
  const one = withMasked({}, 3, [2], geometry);
  const two = withMasked(one, 3, [0, 2], geometry);
  expect(two).toEqual({ 3: [0, 2] });
  expect(isMasked({ name: '', experts: two }, 3, 0)).toBe(true);
  expect(isMasked({ name: '', experts: two }, 2, 0)).toBe(false);
  expect(isMasked(undefined, 3, 0)).toBe(false);
  expect(withoutMasked(two, 3, [0])).toEqual({ 3: [2] });
  expect(withoutMasked(two, 3, [0, 2])).toEqual({});
});

test('a layer keeps as many experts as a token is sent to', () => {
  expect(() => withMasked({ 5: [0, 1] }, 5, [3], geometry)).toThrow(InputError);
  expect(() => withMasked({ 5: [0, 1] }, 5, [3], geometry)).toThrow('Layer 5 would keep 1 of 4 experts');
  expect(withMasked({ 5: [0, 1] }, 6, [3], geometry)).toEqual({ 5: [0, 1], 6: [3] });
});

test('random sets are of the same size, differ by seed and repeat with it', () => {
  const sizes = fc.dictionary(fc.nat(30).map(String), fc.uniqueArray(fc.nat(63), { maxLength: 10 }));
  fc.assert(
    fc.property(sizes, fc.nat(), (list, seed) => {
      const drawn = randomLike(list, 64, seed);
      expect(Object.keys(drawn)).toEqual(Object.keys(list));
      for (const [layer, experts] of Object.entries(drawn)) {
        expect(experts).toHaveLength(list[layer].length);
        expect(new Set(experts).size).toBe(experts.length);
        expect(experts.every(expert => expert >= 0 && expert < 64)).toBe(true);
      }
      expect(randomLike(list, 64, seed)).toEqual(drawn);
    }),
  );
  const list = { 0: [0, 1, 2, 3, 4, 5] };
  expect(randomLike(list, 64, 1)).not.toEqual(randomLike(list, 64, 2));
});

test('a set is told by its size', () => {
  const set = { experts: { 0: [1, 2], 4: [0], 5: [] } };
  expect(countMasked(set)).toBe(3);
  expect(maskSize(set)).toBe('3 experts in 2 layers');
  expect(maskSize({ experts: { 4: [0], 5: [] } })).toBe('1 expert in layer 4');
  expect(maskSize({ experts: { 4: [0, 3] } })).toBe('2 experts in layer 4');
});

test('a name is one of a file', () => {
  for (const good of ['CE', 'CE of swap', 'k=4'.replace('=', '-'), 'größe_2.1'])
    expect(nameProblem(good)).toBeUndefined();
  for (const bad of ['', '  ', '.hidden', '../up', 'a/b', 'a\\b', 'x'.repeat(61), 'nul\0'])
    expect(nameProblem(bad)).toBeDefined();
});
