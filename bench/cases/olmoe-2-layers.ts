/** @file OLMoE's widths, two layers, a batch of eight NQ-Swap samples: forward, and one router-tuning step. */
import path from 'node:path';

import { PeakMemory } from '../../src/common/peak-memory';
import { Model } from '../../src/model/model';
import { weightGradients } from '../../src/model/weight-gradients';
import { readWeights } from '../../src/model/weight-values';
import { routerNames } from '../../src/train/trainable-names';
import { allTokensArithmetic, leastArithmetic } from '../arithmetic';
import { type BenchBatch, nqSwapBatch } from '../batches';
import type { BenchCase } from '../bench-case';
import { GemmPeak } from '../gemm-peak';
import { ensureCheckpoint, type Geometry, olmoe1b7b } from '../random-checkpoint';
import { median, medianRatio, secondsOf, takeTurns } from '../statistics';
import { temporaryFolder } from '../temporary-folder';

export const twoLayers: Geometry = { ...olmoe1b7b, layers: 2 };

/** Bytes: not enough to hold the weights in float32, as with most users and most checkpoints. */
export const memoryBudget = 4e9;

export function twoLayersCheckpoint(): string {
  return ensureCheckpoint(path.join(temporaryFolder, 'olmoe-2-layers'), twoLayers);
}

/** The loss of the answers; all layers for all tokens, as a trace wants them; the loss and its gradient. */
export function timedWorks(
  model: Model,
  { batch, targets }: BenchBatch,
): Record<'forward' | 'forwardAllTokens', () => Promise<unknown>> & {
  step: () => Promise<{ loss: number }>;
} {
  const routers = readWeights(model.checkpoint, routerNames(model.architecture, { bias: false }));
  const tuned = model.withWeights({ tensors: routers });
  return {
    forward: async () =>
      model.head.negativeLogLikelihoods(await model.forwardRows(batch, targets.rows), targets.targets),
    forwardAllTokens: () => model.forward(batch),
    step: () => weightGradients(tuned, batch, targets),
  };
}

export const olmoeTwoLayers: BenchCase = {
  name: 'olmoe-2-layers',
  title: 'OLMoE’s widths, 2 layers, 8 NQ-Swap samples',
  labels: {
    forward_s: 'Forward to the loss of the answers',
    step_s: 'Router-tuning step (forward and backward)',
    forward_all_tokens_s: 'Forward of all tokens through all layers, no head',
    forward_over_floor: 'Forward / its floor',
    step_over_floor: 'Step / its floor',
    forward_all_tokens_over_floor: 'Forward of all tokens / its floor',
    forward_private_gb: 'Peak of private memory, forward',
    private_gb: 'Peak of private memory, step',
    gemm_large_gflops: 'Matrix product, large',
    gemm_expert_gflops: 'Matrix product, an expert’s share of the batch',
    tokens: 'Tokens',
    memory_mode: 'Weights',
    batch: 'Batch',
  },
  async run({ repeats, threads }) {
    const folder = twoLayersCheckpoint();
    const input = nqSwapBatch();
    const model = Model.open(folder, { threads, memoryBudget });
    const { forward, forwardAllTokens, step } = timedWorks(model, input);

    // Memory first, before there is anything else to be counted.
    const memory = new PeakMemory();
    const forwardPeak = await memory.during(forward);
    const stepPeak = await memory.during(async () => {
      for (let i = 0; i < 2; i++) await step();
    });
    await memory.stop();

    const { hidden, width, topK, experts } = twoLayers;
    const tokens = input.batch.inputIds.length;
    const share = { tokens: Math.round((tokens * topK) / experts), hidden, width };
    const peak = await GemmPeak.create(share, threads);
    const seconds = await takeTurns(repeats, {
      ...peak.works(),
      forward: () => secondsOf(forward),
      step: () => secondsOf(step),
      forwardAllTokens: () => secondsOf(forwardAllTokens),
    });
    await peak.release();
    await model.release();

    const least = leastArithmetic(twoLayers, input.rows);
    const all = allTokensArithmetic(twoLayers, input.rows);
    const floors = {
      forward: peak.floors(seconds, least.forward),
      step: peak.floors(seconds, least.step),
      forwardAllTokens: peak.floors(seconds, all),
    };
    return {
      forward_s: median(seconds.forward),
      step_s: median(seconds.step),
      forward_all_tokens_s: median(seconds.forwardAllTokens),
      forward_private_gb: forwardPeak,
      private_gb: Math.max(forwardPeak, stepPeak),
      forward_floor_s: median(floors.forward),
      step_floor_s: median(floors.step),
      forward_all_tokens_floor_s: median(floors.forwardAllTokens),
      forward_over_floor: medianRatio(seconds.forward, floors.forward),
      step_over_floor: medianRatio(seconds.step, floors.step),
      forward_all_tokens_over_floor: medianRatio(seconds.forwardAllTokens, floors.forwardAllTokens),
      ...peak.figures(seconds),
      tokens,
      memory_mode: model.plan.memoryMode,
      batch: input.source,
    };
  },
};
