/** @file Router tuning, activation statistics and decoding of every supported family against the golden files. */
import { existsSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { activationStatistics } from '../../src/lens/activation-statistics';
import { topExperts } from '../../src/lens/context-dependence';
import { DevRatios } from '../../src/lens/dev-ratios';
import { asMask } from '../../src/lens/expert-list';
import { families } from '../../src/model/families';
import { Model } from '../../src/model/model';
import { packRows } from '../../src/model/packed-batch';
import { traceBatch } from '../../src/model/trace';
import type { RatioLine } from '../../src/protocol/artifacts';
import { TrainingSettingsSchema } from '../../src/protocol/jobs';
import { meanLoss } from '../../src/train/fine-tuning';
import { tuneRouters } from '../../src/train/router-tuning';
import {
  type Compared,
  expectTrainedWeights,
  expectWithin,
  goldenFolder,
  goldenIsPresent,
  goldenJson,
  goldenRouters,
  goldenTensors,
  goldenTraceRows,
  largestDifference,
  packGolden,
  tolerance,
} from '../helpers/golden';
import { type GoldenTraining, replaySettings, trainingSamples } from '../helpers/golden-training';

type ByLayer = Record<string, number[]>;

interface GoldenMethod {
  counts: ByLayer;
  ratio: ByLayer;
  counts_rt: ByLayer;
  ratio_rt: ByLayer;
  top_by_ratio: ByLayer;
}

interface GoldenGeneration {
  masked_experts: ByLayer;
}

/** Names of the golden trainings: all of the router, and without its bias where it has one. */
function trainings(family: string): string[] {
  const weightOnly = path.join(goldenFolder, family, 'expected/train_rt_weight_only.json');
  return ['train_rt', ...(existsSync(weightOnly) ? ['train_rt_weight_only'] : [])];
}

for (const { name } of families) {
  const compared = (quantity: string): Compared => ({ family: name, quantity });

  describe.skipIf(!goldenIsPresent)(`${name} (skipped without the golden files)`, () => {
    let model: Model;
    beforeAll(() => {
      model = Model.open(path.join(goldenFolder, name), { threads: 1, memoryBudget: 1e12 });
    });
    afterAll(() => model.release());

    it.each(trainings(name))(
      'follows the trajectory of %s: losses, weights, losses afterwards',
      async file => {
        const golden = goldenJson<GoldenTraining>(name, `expected/${file}.json`);
        const samples = trainingSamples(golden);
        const batchSize = golden.micro_batches[0].input_ids.length;
        const losses: number[] = [];
        const settings = v.parse(TrainingSettingsSchema, {
          ...replaySettings(golden),
          train_router_bias: file === 'train_rt',
        });
        const tuned = await tuneRouters(model, { train: samples }, settings, {
          onStep: line => losses.push(line.loss),
        });
        const error = largestDifference(losses, golden.losses);
        expectWithin(compared('losses of router tuning'), error, tolerance.trainingLoss);
        const expected = goldenTensors(name, `expected/${file}.safetensors`);
        expect([...tuned.parameters.arrays.keys()].sort()).toEqual([...golden.trainable].sort());
        expectTrainedWeights(compared('trained routers'), tuned.parameters.arrays, expected);
        for (const [i, loss] of golden.losses_after.entries()) {
          const batch = samples.slice(i * batchSize, (i + 1) * batchSize);
          const after = await meanLoss(model, batch, { routers: tuned.routers });
          const difference = Math.abs(after - loss);
          expectWithin(compared('losses of router tuning'), difference, tolerance.trainingLoss);
        }
      },
    );

    it('counts activations exactly, base and tuned', async () => {
      const golden = goldenJson<GoldenMethod>(name, 'expected/method.json');
      const samples = goldenTraceRows(name).map(inputIds => ({
        inputIds,
        spans: { answer: [1, 2] as [number, number] },
      }));
      const base = await activationStatistics(model, samples);
      const tuned = await activationStatistics(model, samples, { routers: goldenRouters(model, name) });
      expect(base.activationCounts()).toEqual(golden.counts);
      expect(tuned.activationCounts()).toEqual(golden.counts_rt);
      for (const [actual, expected] of [
        [base.ratios(), golden.ratio],
        [tuned.ratios(), golden.ratio_rt],
      ]) {
        expect(Object.keys(actual)).toEqual(Object.keys(expected));
        // Exact up to the order in which doubles are added.
        for (const layer of Object.keys(expected))
          expect(largestDifference(actual[layer], expected[layer])).toBeLessThan(1e-12);
      }
      const topK = golden.top_by_ratio[model.moeLayers[0]].length;
      expect(topExperts(base.ratios(), topK)).toEqual(golden.top_by_ratio);
    });

    it('has the ratios of an evaluation right, the last layer included', async () => {
      const golden = goldenJson<GoldenMethod>(name, 'expected/method.json');
      const samples = goldenTraceRows(name).map(inputIds => ({
        inputIds,
        spans: { answer: [1, 2] as [number, number] },
      }));
      const lines: RatioLine[] = [];
      const ratios = new DevRatios(model, line => lines.push(line));
      for (const [step, routers] of [model.baseRouters, goldenRouters(model, name)].entries()) {
        const onRouting: DevRatios['add'] = (...routed) => ratios.add(...routed);
        const loss = await meanLoss(model, samples, { routers, onRouting });
        ratios.end(step);
        expect(loss).toBe(await meanLoss(model, samples, { routers }));
      }
      expect(lines.map(({ step }) => step)).toEqual([0, 1]);
      for (const [i, expected] of [golden.ratio, golden.ratio_rt].entries()) {
        const { ratio } = lines[i];
        expect(Object.keys(ratio)).toEqual(Object.keys(expected));
        for (const [layer, values] of Object.entries(expected))
          // Five digits: half a unit of the last one at most.
          values.forEach((value, expert) =>
            expect(Math.abs(ratio[layer][expert] - value)).toBeLessThanOrEqual(0.5e-4 * value),
          );
      }
    });

    it('routes around masked experts', async () => {
      const golden = goldenTensors(name, 'expected/masked_trace.safetensors');
      const { masked_experts } = goldenJson<GoldenGeneration>(name, 'expected/generate.json');
      const rows = goldenTraceRows(name);
      const lengths = rows.map(row => row.length);
      const longest = Math.max(...lengths);
      const trace = await traceBatch(model, packRows(rows), { mask: asMask(masked_experts), logits: true });
      const logits = packGolden(golden.readFloat32('logits'), lengths, longest);
      const error = largestDifference(trace.logits?.data as Float32Array, logits);
      expectWithin(compared('logits, masked'), error, tolerance.logits);
      for (const [layer, { topkIndices }] of trace.moe) {
        const expected = packGolden(golden.readInt(`topk_indices.${layer}`).map(Number), lengths, longest);
        expect([...topkIndices]).toEqual([...expected]);
      }
    });
  });
}
