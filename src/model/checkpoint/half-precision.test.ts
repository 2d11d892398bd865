/** @file Every 16-bit pattern, against values computed from the formats' definitions. */
import { describe, expect, it } from 'vitest';

import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from './half-precision';

const everyPattern = Uint16Array.from({ length: 1 << 16 }, (_, i) => i);

/** sign · 1.fraction · 2^(exponent − bias), with the usual special cases. */
function byDefinition(bits: number, exponentBits: number, fractionBits: number): number {
  const sign = bits >> 15 ? -1 : 1;
  const largest = 2 ** exponentBits - 1;
  const exponent = (bits >> fractionBits) & largest;
  const fraction = (bits & (2 ** fractionBits - 1)) / 2 ** fractionBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  if (exponent === largest) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** (1 - bias) : sign * (1 + fraction) * 2 ** (exponent - bias);
}

function bits(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0];
}

describe('to float32', () => {
  it.each([
    ['bfloat16', bfloat16ToFloat32, 8, 7],
    ['float16', float16ToFloat32, 5, 10],
  ] as const)('%s: all values', (_, convert, exponentBits, fractionBits) => {
    const wrong = [...convert(everyPattern)].filter(
      (value, i) => !Object.is(value, byDefinition(i, exponentBits, fractionBits)),
    );
    expect(wrong).toEqual([]);
  });
});

describe('float32ToBfloat16', () => {
  it('gives back every bfloat16, NaN as NaN', () => {
    const back = float32ToBfloat16(bfloat16ToFloat32(everyPattern));
    const wrong = everyPattern.filter(i => back[i] !== i && !Number.isNaN(byDefinition(i, 8, 7)));
    expect([...wrong]).toEqual([]);
    const nans = everyPattern.filter(i => Number.isNaN(byDefinition(i, 8, 7)));
    expect([...nans].every(i => Number.isNaN(byDefinition(back[i], 8, 7)))).toBe(true);
  });

  it('rounds to the nearest, ties to even', () => {
    // Between neighbours 1 and 1 + 2^-7 (odd) and 1 + 2^-6 (even).
    const step = 2 ** -7;
    const cases: [number, number][] = [
      [1 + step * 0.5, 1],
      [1 + step * 0.5 + 2 ** -23, 1 + step],
      [1 + step * 1.5, 1 + 2 * step],
      [1 + step * 1.5 - 2 ** -23, 1 + step],
      [-1 - step * 0.5, -1],
      [-1 - step * 1.5, -1 - 2 * step],
      [3.4028234663852886e38, Infinity],
      [2 ** -149, 0],
      [-0, -0],
    ];
    const rounded = bfloat16ToFloat32(float32ToBfloat16(Float32Array.from(cases, ([value]) => value)));
    expect([...rounded].map(bits)).toEqual(cases.map(([, expected]) => bits(expected)));
  });

  it('keeps a NaN whose payload lies in the lower half', () => {
    const nan = new Float32Array(Uint32Array.of(0x7f800001, 0xffffffff).buffer);
    expect([...bfloat16ToFloat32(float32ToBfloat16(nan))]).toEqual([NaN, NaN]);
  });

  it('reads a part of a larger array', () => {
    expect([...float32ToBfloat16(Float32Array.of(7, 1, 2).subarray(1))]).toEqual([0x3f80, 0x4000]);
  });
});

describe('float32ToFloat16', () => {
  const convert = (values: number[]): number[] => [
    ...float16ToFloat32(float32ToFloat16(Float32Array.from(values))),
  ];

  it('gives back every float16, NaN as NaN', () => {
    const back = float32ToFloat16(float16ToFloat32(everyPattern));
    const wrong = everyPattern.filter(i => back[i] !== i && !Number.isNaN(byDefinition(i, 5, 10)));
    expect([...wrong]).toEqual([]);
    const nans = everyPattern.filter(i => Number.isNaN(byDefinition(i, 5, 10)));
    expect([...nans].every(i => Number.isNaN(byDefinition(back[i], 5, 10)))).toBe(true);
  });

  it('rounds what lies between two neighbours to the nearer one, the middle to the even one', () => {
    // Infinity stands where the next step of the largest exponent would.
    const value = (pattern: number): number => (pattern === 0x7c00 ? 65536 : byDefinition(pattern, 5, 10));
    const wrong: number[] = [];
    for (let pattern = 0; pattern < 0x7c00; pattern++) {
      const [low, high] = [value(pattern), value(pattern + 1)];
      const middle = (low + high) / 2;
      const step = (high - low) / 64;
      const found = float32ToFloat16(Float32Array.of(middle - step, middle, middle + step, -middle));
      const even = pattern + (pattern & 1);
      if (found.join() !== [pattern, even, pattern + 1, even | 0x8000].join()) wrong.push(pattern);
    }
    expect(wrong).toEqual([]);
  });

  it('ends where float16 ends', () => {
    expect(convert([65519.99609375, 65520, -1e30, Infinity, 2 ** -149, -0])).toEqual([
      65504,
      Infinity,
      -Infinity,
      Infinity,
      0,
      -0,
    ]);
    const nan = new Float32Array(Uint32Array.of(0x7f800001, 0xffffffff).buffer);
    expect([...float16ToFloat32(float32ToFloat16(nan))]).toEqual([NaN, NaN]);
  });

  it('reads a part of a larger array', () => {
    expect([...float32ToFloat16(Float32Array.of(7, 1, 2).subarray(1))]).toEqual([0x3c00, 0x4000]);
  });
});
