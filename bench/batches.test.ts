import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { type BenchRow, randomBatch, standInBatch } from './batches';

const shared = path.resolve(import.meta.dirname, '../../shared/bench/nq-swap-batches.json');
const absent = !existsSync(shared);

describe('batches', () => {
  it.skipIf(absent)(
    `stand in with the lengths and answers of the shared batch${absent ? ' (skipped)' : ''}`,
    () => {
      const { batches } = JSON.parse(readFileSync(shared, 'utf8')) as { batches: BenchRow[][] };
      const shape = ({ input_ids, answer_start }: BenchRow): number[] => [input_ids.length, answer_start];
      expect(standInBatch().rows.map(shape)).toEqual(batches[0].map(shape));
    },
  );

  it('name the position before each token of the answers', () => {
    const { batch, targets } = randomBatch(2, 10, 50);
    expect(batch.lengths).toEqual([10, 10]);
    expect(targets.rows).toEqual([5, 6, 7, 8, 15, 16, 17, 18]);
    expect(targets.targets).toEqual([6, 7, 8, 9, 16, 17, 18, 19].map(position => batch.inputIds[position]));
  });
});
