/** @file The batches that are measured: eight NQ-Swap samples, or random tokens. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';

import { Random } from '../src/common/random';
import type { LossTargets } from '../src/model/head-sessions';
import { type PackedBatch, packRows, rowStarts } from '../src/model/packed-batch';
import { olmoe1b7b } from './random-checkpoint';

const BatchesSchema = v.object({
  batches: v.pipe(
    v.array(v.array(v.object({ input_ids: v.array(v.number()), answer_start: v.number() }))),
    v.minLength(1),
  ),
});
export type BenchRow = v.InferOutput<typeof BatchesSchema>['batches'][number][number];

export interface BenchBatch {
  readonly rows: readonly BenchRow[];
  readonly batch: PackedBatch;
  /** The positions that predict the answers, and the answers. */
  readonly targets: LossTargets;
  /** Where it comes from. */
  readonly source: string;
}

const batchesFile = path.resolve(__dirname, '../../../shared/bench/nq-swap-batches.json');

/** Tokens of the rows of batch 0 of that file, and where their answers start. */
const lengths = [177, 88, 164, 198, 229, 186, 108, 65];
const answerStarts = [173, 83, 162, 193, 224, 183, 106, 62];

/** Batch 0 of `../shared/bench/nq-swap-batches.json`; where it is absent, {@link standInBatch}. */
export function nqSwapBatch(): BenchBatch {
  if (!existsSync(batchesFile)) return standInBatch();
  const { batches } = v.parse(BatchesSchema, JSON.parse(readFileSync(batchesFile, 'utf8')));
  return batchOf(batches[0], 'NQ-Swap, batch 0 of ../shared/bench');
}

/** Random tokens in rows of the same lengths, with answers at the same places. */
export function standInBatch(): BenchBatch {
  const random = new Random(2);
  const rows = lengths.map((length, i) => randomRow(random, length, answerStarts[i], olmoe1b7b.vocabulary));
  return batchOf(rows, 'stand-in: random tokens, same row lengths (../shared/bench is absent)');
}

/** Rows of random tokens, each with an answer of four. */
export function randomBatch(rows: number, length: number, vocabulary: number): BenchBatch {
  const random = new Random(3);
  return batchOf(
    Array.from({ length: rows }, () => randomRow(random, length, length - 4, vocabulary)),
    'random tokens',
  );
}

function randomRow(random: Random, length: number, answer_start: number, vocabulary: number): BenchRow {
  return { input_ids: Array.from({ length }, () => random.integer(vocabulary)), answer_start };
}

function batchOf(rows: readonly BenchRow[], source: string): BenchBatch {
  const batch = packRows(rows.map(({ input_ids }) => input_ids));
  const targets = { rows: [] as number[], targets: [] as number[] };
  rowStarts(batch).forEach((start, row) => {
    const { input_ids, answer_start } = rows[row];
    for (let t = answer_start; t < input_ids.length; t++) {
      targets.rows.push(start + t - 1);
      targets.targets.push(input_ids[t]);
    }
  });
  return { rows, batch, targets, source };
}
