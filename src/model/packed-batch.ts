/** @file A batch of token rows without padding, and the feeds that describe it to the layers. */
import { InputError } from '../common/errors';
import type { HostTensor } from '../engine/session';
import type { Architecture, RotaryEmbedding } from './architecture';
import { maskFeed, queryMaskFeed } from './layers/attend';

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

/** @throws InputError if the model cannot run the batch */
export function checkBatch(
  { inputIds, lengths }: PackedBatch,
  { vocabularySize, maxPositions }: Pick<Architecture, 'vocabularySize' | 'maxPositions'>,
): void {
  if (inputIds.length === 0 || lengths.includes(0))
    throw new InputError('An empty row of tokens cannot be run.');
  const outside = inputIds.find(id => !(Number.isInteger(id) && id >= 0 && id < vocabularySize));
  if (outside !== undefined) {
    throw new InputError(
      `Token id ${outside} is outside of the vocabulary of ${vocabularySize}. Tokenizer and checkpoint do not belong together.`,
    );
  }
  const longest = Math.max(...lengths);
  if (longest > maxPositions) {
    throw new InputError(
      `A prompt of ${longest} tokens is longer than the model's ${maxPositions} positions. Shorten it.`,
    );
  }
}

/** What a batch continues: tokens whose keys and values are fed. */
export interface Past {
  /** Tokens of each sample that are there. */
  readonly lengths: readonly number[];
  /** Places for tokens that are fed of each sample; the first ones are taken. */
  readonly capacity: number;
}

/** Lengths that the shapes of a layer's values name. */
export interface BatchLengths {
  readonly tokens: number;
  readonly samples: number;
  /** Tokens of the longest sample. */
  readonly length: number;
  /** Packed positions that the layer goes on with after its attention. */
  readonly rows: number;
  /** The most of them in one sample. */
  readonly queries: number;
}

/** @param rows packed positions, ascending; default: all */
export function batchLengths(batch: PackedBatch, rows?: readonly number[]): BatchLengths {
  const length = Math.max(...batch.lengths);
  return {
    tokens: batch.inputIds.length,
    samples: batch.lengths.length,
    length,
    rows: rows?.length ?? batch.inputIds.length,
    queries: rows ? Math.max(...chosenPositions(batch, rows).map(chosen => chosen.length)) : length,
  };
}

/** By sample, the positions in it of the packed positions `rows`. */
function chosenPositions(batch: PackedBatch, rows: readonly number[]): number[][] {
  return rowStarts(batch).map((start, sample) =>
    rows.filter(row => row >= start && row < start + batch.lengths[sample]).map(row => row - start),
  );
}

/** Some rows of float32 values [tokens, width]. */
export function selectRows({ data, shape }: HostTensor, rows: readonly number[]): HostTensor {
  const [, width] = shape;
  const selected = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    selected.set((data as Float32Array).subarray(row * width, (row + 1) * width), i * width);
  });
  return { data: selected, shape: [rows.length, width] };
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
 * @param past for layers that have one
 */
export function batchFeeds(
  batch: PackedBatch,
  rotary: RotaryEmbedding,
  windows: readonly number[] = [],
  past?: Past,
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
  const positions = lengths.flatMap((length, row) =>
    Array.from({ length }, (_, t) => (past?.lengths[row] ?? 0) + t),
  );
  const all = [...Array(longest).keys()];
  const mask = (window: number): HostTensor =>
    past
      ? sampleMasks(
          lengths.map(() => all),
          longest,
          window,
          past,
        )
      : { data: causalMask(all, longest, window), shape: [longest, longest] };
  return {
    pad_index: hostIndices(padIndex, [lengths.length, longest]),
    pack_index: hostIndices(packIndex),
    [maskFeed()]: mask(Infinity),
    ...Object.fromEntries(windows.map(window => [maskFeed(window), mask(window)])),
    ...rotaryAngles(positions, rotary),
  };
}

/**
 * The feeds of `layers/attend.ts` for a layer that goes on with some rows only.
 * @param rows packed positions, each once, ascending
 */
export function rowFeeds(
  batch: PackedBatch,
  rows: readonly number[],
  windows: readonly number[] = [],
  past: Past = { lengths: [], capacity: 0 },
): Record<string, HostTensor> {
  const { lengths, inputIds } = batch;
  const samples = lengths.length;
  const longest = Math.max(...lengths);
  const chosen = chosenPositions(batch, rows);
  const { queries } = batchLengths(batch, rows);
  const padIndex = new Array<number>(samples * queries).fill(rows.length);
  const packIndex = chosen.flatMap((positions, sample) => positions.map((_, i) => sample * queries + i));
  packIndex.forEach((place, row) => (padIndex[place] = row));
  const rowOfToken = new Array<number>(inputIds.length).fill(rows.length);
  rows.forEach((token, row) => (rowOfToken[token] = row));
  const mask = (window: number): HostTensor => sampleMasks(chosen, longest, window, past);
  return {
    rows: hostIndices(rows),
    row_of_token: hostIndices(rowOfToken),
    query_pad_index: hostIndices(padIndex, [samples, queries]),
    query_pack_index: hostIndices(packIndex),
    [queryMaskFeed()]: mask(Infinity),
    ...Object.fromEntries(windows.map(window => [queryMaskFeed(window), mask(window)])),
  };
}

/** A mask for each sample, [samples, 1, 1, queries, past + length], of queries at some of its positions. */
function sampleMasks(
  positions: readonly (readonly number[])[],
  length: number,
  window: number,
  { lengths, capacity }: Past,
): HostTensor {
  const queries = Math.max(...positions.map(chosen => chosen.length));
  const columns = capacity + length;
  const data = new Float32Array(positions.length * queries * columns);
  positions.forEach((chosen, sample) => {
    const mask = causalMask(chosen, length, window, { taken: lengths[sample] ?? 0, capacity });
    data.set(mask, sample * queries * columns);
  });
  return { data, shape: [positions.length, 1, 1, queries, columns] };
}

/**
 * [positions, capacity + length]: 0 where position − window < key ≤ position, −∞ elsewhere. The first keys are those of
 * the past, of whose places the first ones are taken; positions and further keys count from its end.
 */
function causalMask(
  positions: readonly number[],
  length: number,
  window: number,
  { taken, capacity } = { taken: 0, capacity: 0 },
): Float32Array {
  const columns = capacity + length;
  const mask = new Float32Array(positions.length * columns).fill(-Infinity);
  positions.forEach((position, query) => {
    const start = query * columns;
    const first = position + 1 - window;
    mask.fill(0, start + Math.max(0, taken + first), start + taken);
    mask.fill(0, start + capacity + Math.max(0, first), start + capacity + position + 1);
  });
  return mask;
}

/** cos and sin of position × inverse frequency, the product rounded to float32 as the reference implementations do. */
function rotaryAngles(
  positions: readonly number[],
  { inverseFrequencies, factor }: RotaryEmbedding,
): Record<string, HostTensor> {
  const shape = [positions.length, inverseFrequencies.length];
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
