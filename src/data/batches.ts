/** @file Batches of samples, packed: rows of token ids one after the other, without padding. */
import { Random } from '../common/random';
import type { Span } from './spans';
import type { TokenizedSample } from './tokenized-sample';

export interface Batch {
  /** The rows, one after the other. */
  inputIds: number[];
  /** Tokens of each row; their sum is the length of `inputIds`. */
  lengths: number[];
  /** Answer tokens of each row, counted from the row's start. */
  answerSpans: Span[];
  /** Position of each row's sample in the list that the batches were made from. */
  samples: number[];
}

export interface BatchOptions {
  batchSize: number;
  seed: number;
  /** From 0; each has its own order. */
  epoch: number;
  shuffle: boolean;
}

/**
 * The samples of each batch of one epoch: every sample once, so the last batch may be smaller. Without `shuffle` batches
 * are consecutive samples and go on where the epoch before ended, cyclic, all of `batchSize` rows; the number of batches
 * is the same.
 */
export function batchOrder(samples: number, options: BatchOptions): number[][] {
  const { batchSize, seed, epoch, shuffle } = options;
  const count = Math.ceil(samples / batchSize);
  const order = shuffle
    ? epochOrder(samples, seed, epoch)
    : Array.from({ length: count * batchSize }, (_, i) => (epoch * count * batchSize + i) % samples);
  return chunks(order, batchSize);
}

/** Batches of at most `maxTokens` tokens (a longer sample is alone), rows of similar length together. */
export function evaluationBatches(samples: readonly TokenizedSample[], maxTokens: number): Batch[] {
  const lengthOf = (i: number): number => samples[i].inputIds.length;
  const order = [...samples.keys()].sort((a, b) => lengthOf(a) - lengthOf(b) || a - b);
  const batches: number[][] = [];
  let room = 0;
  for (const i of order) {
    if (batches.length === 0 || room < lengthOf(i)) {
      batches.push([]);
      room = maxTokens;
    }
    batches[batches.length - 1].push(i);
    room -= lengthOf(i);
  }
  return batches.map(chosen => packSamples(samples, chosen));
}

/** A seeded order of 0 … length − 1, another one for each epoch. */
function epochOrder(length: number, seed: number, epoch: number): number[] {
  const random = new Random(seed);
  let order: number[] = [];
  for (let i = 0; i <= epoch; i++) order = random.shuffled(Array.from({ length }, (_, at) => at));
  return order;
}

/** Consecutive parts of at most `size` items. */
export function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}

/** One batch of the chosen samples, in the given order. */
export function packSamples(samples: readonly TokenizedSample[], chosen: readonly number[]): Batch {
  const rows = chosen.map(i => samples[i]);
  return {
    inputIds: rows.flatMap(row => row.inputIds),
    lengths: rows.map(row => row.inputIds.length),
    answerSpans: rows.map(row => row.spans.answer),
    samples: [...chosen],
  };
}
