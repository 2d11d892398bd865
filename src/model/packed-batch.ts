/** @file A batch of token rows without padding, and the feeds that describe it to the layers. */
import type { HostTensor } from '../engine/session';
import type { RotaryEmbedding } from './architecture';

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

/** The feeds of `layers/attention.ts` for a batch: placement in padded sequences, causal mask, rotary angles. */
export function batchFeeds(batch: PackedBatch, rotary: RotaryEmbedding): Record<string, HostTensor> {
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
    causal_mask: causalMask(longest),
    ...rotaryAngles(positions, rotary),
  };
}

function causalMask(length: number): HostTensor {
  const data = new Float32Array(length * length);
  for (let query = 0; query < length; query++)
    data.fill(-Infinity, query * length + query + 1, (query + 1) * length);
  return { data, shape: [length, length] };
}

/** cos and sin of position × inverse frequency, the product rounded to float32 as the reference implementations do. */
function rotaryAngles(
  positions: readonly number[],
  { inverseFrequencies }: RotaryEmbedding,
): Record<string, HostTensor> {
  const shape = [positions.length, 1, inverseFrequencies.length];
  const angles = new Float32Array(positions.length * inverseFrequencies.length);
  const frequencies = Float32Array.from(inverseFrequencies);
  positions.forEach((position, row) => {
    frequencies.forEach((frequency, i) => (angles[row * frequencies.length + i] = position * frequency));
  });
  return {
    rope_cos: { data: angles.map(Math.cos), shape },
    rope_sin: { data: angles.map(Math.sin), shape },
  };
}
