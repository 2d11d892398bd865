/** @file Packed rows and what the layers are told about them. */
import { describe, expect, it } from 'vitest';

import { batchFeeds, batchLengths, packRows, rowFeeds, rowStarts, selectRows } from './packed-batch';

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
    expect(feeds.rope_cos.shape).toEqual([5, 2]);
    numbers('rope_cos').forEach((value, i) => expect(value).toBeCloseTo(Math.cos(angles[i]), 6));
    numbers('rope_sin').forEach((value, i) => expect(value).toBeCloseTo(Math.sin(angles[i]), 6));
  });
});

describe('chosen rows of a batch', () => {
  // Positions 1 and 2 of the first row, none of the second, position 0 of the third.
  const rows = [1, 2, 5];
  const three = packRows([[7, 8, 9], [5, 6], [4]]);
  const chosen = rowFeeds(three, rows, [2]);
  const values = (name: string): number[] =>
    Array.from(chosen[name].data as ArrayLike<number | bigint>, Number);

  it('are queries of padded sequences, and tokens know their row', () => {
    expect(values('rows')).toEqual(rows);
    expect(values('row_of_token')).toEqual([3, 0, 1, 3, 3, 2]);
    expect(chosen.query_pad_index.shape).toEqual([3, 2]);
    expect(values('query_pad_index')).toEqual([0, 1, 3, 3, 2, 3]);
    expect(values('query_pack_index')).toEqual([0, 1, 4]);
  });

  it('see what is before them; places without a row hide nothing, so that no sum over keys is empty', () => {
    const no = -Infinity;
    expect(chosen.query_mask.shape).toEqual([3, 1, 1, 2, 3]);
    expect(values('query_mask')).toEqual([0, 0, no, 0, 0, 0, ...[0, 0, 0, 0, 0, 0], 0, no, no, 0, 0, 0]);
    expect(values('query_mask.2').slice(0, 6)).toEqual([0, 0, no, no, 0, 0]);
  });

  it('have lengths', () => {
    expect(batchLengths(three, rows)).toEqual({ tokens: 6, samples: 3, length: 3, rows: 3, queries: 2 });
    expect(batchLengths(three)).toEqual({ tokens: 6, samples: 3, length: 3, rows: 6, queries: 3 });
  });

  it('are taken from a matrix', () => {
    const matrix = { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2] };
    expect(selectRows(matrix, [0, 2])).toEqual({ data: Float32Array.of(1, 2, 5, 6), shape: [2, 2] });
  });
});

describe('a batch that goes on from earlier tokens', () => {
  // The first row has two tokens already, the second one; there is room for three.
  const past = { lengths: [2, 1], capacity: 3 };
  const next = packRows([[7, 8], [5]]);
  const rotary = { inverseFrequencies: [1], factor: 1 };
  const no = -Infinity;
  const values = (feeds: ReturnType<typeof batchFeeds>, name: string): number[] =>
    Array.from(feeds[name].data, Number);

  it('counts positions from there', () => {
    const angles = values(batchFeeds(next, rotary, [], past), 'rope_cos');
    [2, 3, 1].forEach((position, token) => expect(angles[token]).toBeCloseTo(Math.cos(position), 6));
  });

  it('sees the places that are taken, itself, and what is between, as far as a window reaches', () => {
    const feeds = batchFeeds(next, rotary, [2], past);
    expect(feeds.causal_mask.shape).toEqual([2, 1, 1, 2, 5]);
    expect(values(feeds, 'causal_mask')).toEqual(
      [
        [0, 0, no, 0, no],
        [0, 0, no, 0, 0],
        [0, no, no, 0, no],
        [0, no, no, 0, 0],
      ].flat(),
    );
    expect(values(feeds, 'causal_mask.2')).toEqual(
      [
        [no, 0, no, 0, no],
        [no, no, no, 0, 0],
        [0, no, no, 0, no],
        [no, no, no, 0, 0],
      ].flat(),
    );
  });

  it('has chosen rows that see the same', () => {
    const feeds = rowFeeds(next, [1, 2], [2], past);
    expect(feeds.query_mask.shape).toEqual([2, 1, 1, 1, 5]);
    expect(values(feeds, 'query_mask')).toEqual([0, 0, no, 0, 0, 0, no, no, 0, no]);
    expect(values(feeds, 'query_mask.2')).toEqual([no, no, no, 0, 0, 0, no, no, 0, no]);
  });
});
