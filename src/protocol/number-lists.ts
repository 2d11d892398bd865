/** @file Schemas of long lists of numbers: checked in one loop, because traces hold hundreds of thousands of them. */
import * as v from 'valibot';

/** Numbers, infinities included; NaN is none. */
export const numbers = v.custom<number[]>(
  value => isListOf(value, item => !Number.isNaN(item)),
  'Invalid type: Expected a list of numbers',
);

/** Whole numbers from 0. */
export const indices = v.custom<number[]>(
  value => isListOf(value, item => Number.isInteger(item) && item >= 0),
  'Invalid type: Expected a list of whole numbers from 0',
);

function isListOf(value: unknown, isValid: (item: number) => boolean): boolean {
  return Array.isArray(value) && value.every(item => typeof item === 'number' && isValid(item));
}
