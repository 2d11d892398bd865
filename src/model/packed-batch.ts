/** @file A batch of token rows without padding, and the feeds that describe it to the layers. */
import type { HostTensor } from '../engine/session';
import type { RotaryEmbedding } from './architecture';
import { maskFeed } from './layers/attend';

/** Rows of token ids, one after the other. */
export interface PackedBatch {
  readonly inputIds: readonly number[];
  /** Tokens of each row; their sum is the length of `inputIds`. */
  readonly lengths: readonly number[];
}

export function packRows(rows: readonly (readonly number[])[]): PackedBatch {
  return { inputIds: rows.flat(), lengths: rows.map(row => row.length) };
}

/** First packed position of each row. */
export function rowStarts({ lengths }: PackedBatch): number[] {
  let next = 0;
  return lengths.map(length => (next += length) - length);
}

export function hostIndices(
  values: readonly number[],
  shape: readonly number[] = [values.length],
): HostTensor {
  return { data: BigInt64Array.from(values, BigInt), shape };
}

/**
 * The feeds of `layers/attend.ts` for a batch: placement in padded sequences, causal mask, rotary angles.
 * @param windows sizes of sliding windows that layers have: a mask for each
 */
export function batchFeeds(
  batch: PackedBatch,
  rotary: RotaryEmbedding,
  windows: readonly number[] = [],
): Record<string, HostTensor> {
  const { lengths } = batch;
  const tokens = batch.inputIds.length;
  const longest = Math.max(...lengths);
  const padIndex = new Array<number>(lengths.length * longest).fill(tokens);
  const packIndex: number[] = [];
  lengths.forEach((length, row) => {
    for (let t = 0; t < length; t++) {
      padIndex[row * longest + t] = packIndex.length;
      packIndex.push(row * longest + t);
    }
  });
  const positions = lengths.flatMap(length => Array.from({ length }, (_, t) => t));
  return {
    pad_index: hostIndices(padIndex, [lengths.length, longest]),
    pack_index: hostIndices(packIndex),
    [maskFeed()]: causalMask(longest, longest),
    ...Object.fromEntries(windows.map(window => [maskFeed(window), causalMask(longest, window)])),
    ...rotaryAngles(positions, rotary),
  };
}

/** 0 where query − window < key ≤ query, −∞ elsewhere. */
function causalMask(length: number, window: number): HostTensor {
  const data = new Float32Array(length * length).fill(-Infinity);
  for (let query = 0; query < length; query++) {
    const first = Math.max(0, query + 1 - window);
    data.fill(0, query * length + first, query * length + query + 1);
  }
  return { data, shape: [length, length] };
}

/** cos and sin of position × inverse frequency, the product rounded to float32 as the reference implementations do. */
function rotaryAngles(
  positions: readonly number[],
  { inverseFrequencies, factor }: RotaryEmbedding,
): Record<string, HostTensor> {
  const shape = [positions.length, 1, inverseFrequencies.length];
  const angles = new Float32Array(positions.length * inverseFrequencies.length);
  const frequencies = Float32Array.from(inverseFrequencies);
  positions.forEach((position, row) => {
    frequencies.forEach((frequency, i) => (angles[row * frequencies.length + i] = position * frequency));
  });
  return {
    rope_cos: { data: angles.map(angle => factor * Math.cos(angle)), shape },
    rope_sin: { data: angles.map(angle => factor * Math.sin(angle)), shape },
  };
}
