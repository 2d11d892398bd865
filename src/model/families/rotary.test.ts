/** @file Rotary embeddings: plain and YaRN by formula, both spellings. */
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';

import { ropeConfig, rotaryEmbedding, yarnScoreFactor } from './rotary';

const schema = v.object({ ...ropeConfig, max_position_embeddings: v.optional(v.number(), 4096) });
const parse = (config: v.InferInput<typeof schema>): v.InferOutput<typeof schema> => v.parse(schema, config);

const size = 64;
const theta = 150_000;
const frequency = (i: number): number => theta ** ((-2 * i) / size);
const close = (actual: readonly number[], expected: readonly number[]): void => {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) => expect(value / expected[i]).toBeCloseTo(1, 12));
};
const yarn = { rope_type: 'yarn', factor: 32, original_max_position_embeddings: 4096 };

describe('rotaryEmbedding', () => {
  it('is theta^(−2i / size) without scaling', () => {
    const { inverseFrequencies, factor } = rotaryEmbedding(parse({ rope_theta: theta }), size);
    close(
      inverseFrequencies,
      Array.from({ length: size / 2 }, (_, i) => frequency(i)),
    );
    expect(factor).toBe(1);
    expect(rotaryEmbedding(parse({}), 4).inverseFrequencies).toEqual([1, 0.01]);
  });

  it('reads the spellings of transformers 4 and 5 alike', () => {
    const { rope_type, ...withoutType } = yarn;
    const old = rotaryEmbedding(parse({ rope_theta: theta, rope_scaling: yarn }), size);
    const synonym = parse({ rope_theta: theta, rope_scaling: { ...withoutType, type: rope_type } });
    const recent = parse({ rope_parameters: { ...yarn, rope_theta: theta } });
    expect(rotaryEmbedding(synonym, size)).toEqual(old);
    expect(rotaryEmbedding(recent, size)).toEqual(old);
    const plain = parse({ rope_parameters: { rope_type: 'default', rope_theta: theta } });
    expect(rotaryEmbedding(plain, size)).toEqual(rotaryEmbedding(parse({ rope_theta: theta }), size));
  });

  it('interpolates by the turns that a frequency makes over the original length', () => {
    const config = parse({ rope_theta: theta, rope_scaling: { ...yarn, truncate: false } });
    // The ramp over dimensions is linear in the logarithm of the turns: 32 turns are kept, 1 turn is interpolated.
    const expected = Array.from({ length: size / 2 }, (_, i) => {
      const turns = (4096 * frequency(i)) / (2 * Math.PI);
      const share = Math.min(1, Math.max(0, 1 - Math.log(turns) / Math.log(32)));
      return frequency(i) * (1 - share + share / 32);
    });
    close(rotaryEmbedding(config, size).inverseFrequencies, expected);
  });

  it('rounds the ends of the ramp outwards unless truncate is false', () => {
    const { inverseFrequencies } = rotaryEmbedding(parse({ rope_theta: theta, rope_scaling: yarn }), size);
    // dim(32) = 8.09 → 8, dim(1) = 17.40 → 18.
    const expected = Array.from({ length: size / 2 }, (_, i) => {
      const share = Math.min(1, Math.max(0, (i - 8) / 10));
      return frequency(i) * (1 - share + share / 32);
    });
    close(inverseFrequencies, expected);
  });

  it('takes the model length as the original one where none is given', () => {
    const scaling = { type: 'yarn', factor: 4 };
    const implicit = parse({ rope_theta: theta, rope_scaling: scaling, max_position_embeddings: 1000 });
    const explicit = parse({
      rope_theta: theta,
      rope_scaling: { ...scaling, original_max_position_embeddings: 1000 },
    });
    expect(rotaryEmbedding(implicit, size)).toEqual(rotaryEmbedding(explicit, size));
  });

  it.each([
    ['0.1 · ln(factor) + 1', {}, 1 + 0.1 * Math.log(32)],
    [
      'the ratio of mscale and mscale_all_dim',
      { mscale: 1, mscale_all_dim: 0.5 },
      1.3465735902799727 / 1.1732867951399863,
    ],
    ['1 where the two are equal', { mscale: 0.707, mscale_all_dim: 0.707 }, 1],
    ['what attention_factor says', { attention_factor: 1.25 }, 1.25],
  ])('scales cosines and sines by %s', (_, more, expected) => {
    const { factor } = rotaryEmbedding(parse({ rope_scaling: { ...yarn, ...more } }), size);
    expect(factor).toBeCloseTo(expected, 12);
  });

  it('refuses other scalings by name, and sizes that are not pairs', () => {
    const linear = parse({ rope_scaling: { type: 'linear', factor: 2 } });
    expect(() => rotaryEmbedding(linear, size)).toThrow('"linear" are not supported');
    expect(() => rotaryEmbedding(parse({ rope_scaling: { type: 'yarn' } }), size)).toThrow('need a factor');
    expect(() => rotaryEmbedding(parse({}), 7)).toThrow('7 dimensions');
  });
});

it('yarnScoreFactor of DeepSeek-V2-Lite is 1.2608²', () => {
  const scaling = { type: 'yarn', factor: 40, mscale: 0.707, mscale_all_dim: 0.707 };
  expect(yarnScoreFactor(parse({ rope_scaling: scaling }))).toBeCloseTo(1.2608 ** 2, 3);
  expect(yarnScoreFactor(parse({ rope_scaling: { type: 'yarn', factor: 40 } }))).toBe(1);
  expect(yarnScoreFactor(parse({}))).toBe(1);
});
