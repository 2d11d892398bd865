/** @file OLMoE's widths, two layers, a batch of eight NQ-Swap samples: forward, and one router-tuning step. */
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { LossTargets } from '../../src/model/head-sessions';
import { Model } from '../../src/model/model';
import { type PackedBatch, packRows, rowStarts } from '../../src/model/packed-batch';
import { routerGradients } from '../../src/model/router-gradients';
import { type BenchCase, medianSeconds } from '../bench-case';
import { PeakMemory } from '../peak-memory';
import { ensureCheckpoint, olmoe1b7b } from '../random-checkpoint';

interface BenchBatches {
  batches: { input_ids: number[]; answer_start: number }[][];
}

const batchesFile = path.resolve(__dirname, '../../../shared/bench/nq-swap-batches.json');
const checkpointFolder = path.join(tmpdir(), 'router-lens-bench/olmoe-2-layers');

/** Batch 0 and the positions that predict its answers. */
function benchBatch(): { batch: PackedBatch; targets: LossTargets } {
  const [rows] = (JSON.parse(readFileSync(batchesFile, 'utf8')) as BenchBatches).batches;
  const batch = packRows(rows.map(({ input_ids }) => input_ids));
  const targets = { rows: [] as number[], targets: [] as number[] };
  rowStarts(batch).forEach((start, row) => {
    const { input_ids, answer_start } = rows[row];
    for (let t = answer_start; t < input_ids.length; t++) {
      targets.rows.push(start + t - 1);
      targets.targets.push(input_ids[t]);
    }
  });
  return { batch, targets };
}

export const olmoeTwoLayers: BenchCase = {
  name: 'olmoe-2-layers',
  async run({ repeats, threads }) {
    const folder = ensureCheckpoint(checkpointFolder, { ...olmoe1b7b, layers: 2 });
    const { batch, targets } = benchBatch();
    const memory = new PeakMemory();
    const model = Model.open(folder, { threads, memoryBudget: 4e9 });
    await memory.read();
    const forward = await medianSeconds(repeats, async () => {
      const hidden = await model.forwardRows(batch, targets.rows);
      await model.head.negativeLogLikelihoods(hidden, targets.targets);
    });
    const forwardPeak = await memory.read();
    const step = await medianSeconds(repeats, () => routerGradients(model, batch, targets));
    const stepPeak = await memory.read();
    await memory.stop();
    await model.release();
    return {
      forward_s: forward,
      step_s: step,
      forward_private_gb: forwardPeak / 1e9,
      private_gb: Math.max(forwardPeak, stepPeak) / 1e9,
      tokens: batch.inputIds.length,
      memory_mode: model.plan.memoryMode,
    };
  },
};
