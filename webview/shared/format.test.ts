/** @file Numbers with units. */
import { describe, expect, it } from 'vitest';

import {
  bytes,
  duration,
  integer,
  percent,
  percentagePoints,
  quotedToken,
  relativeChange,
  signedNumber,
} from './format';

const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

describe('numbers with units', () => {
  it.each([
    [0, '0 %'],
    [0.0005, '0.05 %'],
    [0.0312, '3.1 %'],
    [0.0996, '10 %'],
    [0.812, '81 %'],
    [0.03, '3 %'],
    [1, '100 %'],
  ])('percent %f', (share, text) => expect(plain(percent(share))).toBe(text));

  it('differences carry a sign', () => {
    expect(plain(percentagePoints(0.35))).toBe('+35 points');
    expect(plain(percentagePoints(-0.031))).toBe('−3.1 points');
    expect(plain(percentagePoints(0))).toBe('0 points');
    expect(signedNumber(-0.25, 2)).toBe('−0.25');
    expect(signedNumber(0.25, 2)).toBe('+0.25');
  });

  it('relative changes become factors when large', () => {
    expect(plain(relativeChange(0.85))).toBe('+85 %');
    expect(plain(relativeChange(-0.2))).toBe('−20 %');
    expect(plain(relativeChange(12.34))).toBe('+12.3×');
  });

  it('counts, times and sizes', () => {
    expect(integer(1234567)).toBe('1,234,567');
    expect(plain(duration(0.84))).toBe('0.8 s');
    expect(plain(duration(42))).toBe('42 s');
    expect(plain(duration(185))).toBe('3 min 5 s');
    expect(plain(duration(7812))).toBe('2 h 10 min');
    expect(plain(bytes(512))).toBe('512 B');
    expect(plain(bytes(123_456_789))).toBe('123 MB');
    expect(plain(bytes(13_840_000_000))).toBe('13.8 GB');
    expect(plain(bytes(0))).toBe('0 B');
  });

  it('tokens show their white space', () => {
    expect(quotedToken('\n\n')).toBe('“↵↵”');
    expect(quotedToken(' in')).toBe('“ in”');
  });
});
