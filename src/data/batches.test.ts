/** @file Which samples a batch holds, and how. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type Batch, type BatchOptions, batchOrder, evaluationBatches, packSamples } from './batches';
import type { TokenizedSample } from './tokenized-sample';

/** Sample i has the given length and the ids 100·i, 100·i + 1, …; its last token is the answer. */
function samplesOf(...lengths: number[]): TokenizedSample[] {
  return lengths.map((length, i) => ({
    inputIds: Array.from({ length }, (_, at) => 100 * i + at),
    spans: { answer: [length - 1, length] },
  }));
}

const five = samplesOf(2, 3, 2, 4, 2);

/** The batches of an epoch. */
function batchesOf(samples: readonly TokenizedSample[], options: BatchOptions): Batch[] {
  return batchOrder(samples.length, options).map(chosen => packSamples(samples, chosen));
}

describe('batches of an epoch', () => {
  it('packs rows without padding', () => {
    expect(batchesOf(five, { batchSize: 2, seed: 0, epoch: 0, shuffle: false })[0]).toEqual({
      inputIds: [0, 1, 100, 101, 102],
      lengths: [2, 3],
      answerSpans: [
        [1, 2],
        [2, 3],
      ],
      samples: [0, 1],
    });
  });

  it('without shuffling goes through the samples cyclically, epoch after epoch', () => {
    const order = [0, 1, 2].flatMap(epoch =>
      batchesOf(five, { batchSize: 2, seed: 7, epoch, shuffle: false }),
    );
    expect(order.map(batch => batch.samples)).toEqual([
      [0, 1],
      [2, 3],
      [4, 0],
      [1, 2],
      [3, 4],
      [0, 1],
      [2, 3],
      [4, 0],
      [1, 2],
    ]);
  });

  it('with shuffling takes every sample once an epoch, in an order that seed and epoch decide', () => {
    const samples = samplesOf(...Array.from({ length: 50 }, () => 2));
    const orderOf = (seed: number, epoch: number): number[] =>
      batchesOf(samples, { batchSize: 8, seed, epoch, shuffle: true }).flatMap(batch => batch.samples);
    const all = [...samples.keys()];
    expect(orderOf(1, 0).toSorted((a, b) => a - b)).toEqual(all);
    expect(orderOf(1, 3).toSorted((a, b) => a - b)).toEqual(all);
    expect(orderOf(1, 3)).toEqual(orderOf(1, 3));
    const orders = [all, orderOf(1, 0), orderOf(1, 1), orderOf(2, 0), orderOf(2, 1)].map(order =>
      order.join(),
    );
    expect(new Set(orders).size).toBe(orders.length);
    expect(
      batchesOf(samples, { batchSize: 8, seed: 1, epoch: 0, shuffle: true }).map(b => b.lengths.length),
    ).toEqual([8, 8, 8, 8, 8, 8, 2]);
  });
});

describe('evaluationBatches', () => {
  it('holds every sample once, short ones first, within the limit unless a sample alone exceeds it', () => {
    const property = fc.property(
      fc.array(fc.integer({ min: 1, max: 40 })),
      fc.integer({ min: 1, max: 60 }),
      (lengths, limit) => {
        const batches = evaluationBatches(samplesOf(...lengths), limit);
        expect(batches.flatMap(batch => batch.samples).toSorted((a, b) => a - b)).toEqual([
          ...lengths.keys(),
        ]);
        expect(batches.flatMap(batch => batch.lengths)).toEqual(lengths.toSorted((a, b) => a - b));
        for (const batch of batches)
          expect(batch.inputIds.length <= limit || batch.samples.length === 1).toBe(true);
      },
    );
    fc.assert(property);
  });

  it('fills batches', () => {
    expect(evaluationBatches(five, 6).map(batch => batch.samples)).toEqual([[0, 2, 4], [1], [3]]);
  });
});
