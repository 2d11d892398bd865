/** @file Packed rows and what the layers are told about them. */
import { describe, expect, it } from 'vitest';

import { batchFeeds, packRows, rowStarts } from './packed-batch';

const batch = packRows([
  [7, 8, 9],
  [5, 6],
]);
const tokens = 5;
const feeds = batchFeeds(batch, { inverseFrequencies: [1, 0.1], factor: 1 });
const numbers = (name: string): number[] =>
  Array.from(feeds[name].data as ArrayLike<number | bigint>, Number);

describe('packed batches', () => {
  it('lays rows one after the other', () => {
    expect(batch).toEqual({ inputIds: [7, 8, 9, 5, 6], lengths: [3, 2] });
    expect(rowStarts(batch)).toEqual([0, 3]);
  });

  it('places packed rows in padded sequences and back; padding has no row', () => {
    expect(feeds.pad_index.shape).toEqual([2, 3]);
    expect(numbers('pad_index')).toEqual([0, 1, 2, 3, 4, tokens]);
    expect(numbers('pack_index')).toEqual([0, 1, 2, 3, 4]);
    const { pad_index, pack_index } = batchFeeds(packRows([[1], [2, 3]]), {
      inverseFrequencies: [1],
      factor: 1,
    });
    expect(Array.from(pad_index.data as BigInt64Array, Number)).toEqual([0, 3, 1, 2]);
    expect(Array.from(pack_index.data as BigInt64Array, Number)).toEqual([0, 2, 3]);
  });

  it('lets a token see itself and what is before it', () => {
    const no = -Infinity;
    expect(feeds.causal_mask.shape).toEqual([3, 3]);
    expect(numbers('causal_mask')).toEqual([0, no, no, 0, 0, no, 0, 0, 0]);
  });

  it('lets a token see the window that ends with itself', () => {
    const windowed = batchFeeds(packRows([[1, 2, 3, 4]]), { inverseFrequencies: [1], factor: 1 }, [2]);
    const no = -Infinity;
    const expected = [
      [0, no, no, no],
      [0, 0, no, no],
      [no, 0, 0, no],
      [no, no, 0, 0],
    ];
    expect(windowed['causal_mask.2'].shape).toEqual([4, 4]);
    expect(Array.from(windowed['causal_mask.2'].data, Number)).toEqual(expected.flat());
    expect(Array.from(windowed.causal_mask.data, Number).filter(value => value === 0)).toHaveLength(10);
  });

  it('scales cosines and sines', () => {
    const scaled = batchFeeds(packRows([[1, 2]]), { inverseFrequencies: [1], factor: 1.5 });
    const close = (name: string, expected: number[]): void =>
      Array.from(scaled[name].data, Number).forEach((value, i) => expect(value).toBeCloseTo(expected[i], 6));
    close('rope_cos', [1.5, 1.5 * Math.cos(1)]);
    close('rope_sin', [0, 1.5 * Math.sin(1)]);
  });

  it('turns by position times frequency, positions counted from 0 in each row', () => {
    const positions = [0, 1, 2, 0, 1];
    const angles = positions.flatMap(position => [position, position * 0.1]);
    expect(feeds.rope_cos.shape).toEqual([5, 1, 2]);
    numbers('rope_cos').forEach((value, i) => expect(value).toBeCloseTo(Math.cos(angles[i]), 6));
    numbers('rope_sin').forEach((value, i) => expect(value).toBeCloseTo(Math.sin(angles[i]), 6));
  });
});
