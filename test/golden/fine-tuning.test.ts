/** @file Fine-tuning of experts, whole and by low-rank additions, of every supported family against the golden files. */
import path from 'node:path';

import * as v from 'valibot';
import { afterAll, describe, expect, it } from 'vitest';

import { families } from '../../src/model/families';
import { Model } from '../../src/model/model';
import { packRows } from '../../src/model/packed-batch';
import { traceBatch } from '../../src/model/trace';
import { readWeights } from '../../src/model/weight-values';
import type { ExpertList } from '../../src/protocol/artifacts';
import { type TrainingSettings, TrainingSettingsSchema } from '../../src/protocol/jobs';
import { fineTune, meanLoss } from '../../src/train/fine-tuning';
import type { TrainableParameters } from '../../src/train/parameters';
import { expertNames, parametersFor } from '../../src/train/trainable-names';
import {
  type Compared,
  expectTrainedWeights,
  expectWithin,
  goldenFolder,
  goldenIsPresent,
  goldenJson,
  goldenTensors,
  largestDifference,
  packGolden,
  tolerance,
} from '../helpers/golden';
import { type GoldenTraining, replaySettings, traceRows, trainingSamples } from '../helpers/golden-training';

interface GoldenExpertTraining extends GoldenTraining {
  experts: ExpertList;
  r?: number;
  lora_alpha?: number;
}

for (const { name } of families) {
  describe.skipIf(!goldenIsPresent)(`${name} (skipped without the golden files)`, () => {
    const open = (memoryBudget: number): Model => {
      const model = Model.open(path.join(goldenFolder, name), { threads: 1, memoryBudget });
      afterAll(() => model.release());
      return model;
    };

    /** Follows a golden training to its end. */
    const replay = async (
      model: Model,
      file: string,
      more: Partial<TrainingSettings>,
      prepare: (parameters: TrainableParameters) => void = () => undefined,
    ): Promise<TrainableParameters> => {
      const compared = (quantity: string): Compared => ({ family: name, quantity: `${quantity} of ${file}` });
      const golden = goldenJson<GoldenExpertTraining>(name, `expected/${file}.json`);
      const settings = { ...v.parse(TrainingSettingsSchema, replaySettings(golden)), ...more };
      const names = expertNames(model.architecture, golden.experts);
      const parameters = parametersFor(model.checkpoint, names, settings);
      prepare(parameters);
      const losses: number[] = [];
      const samples = trainingSamples(golden);
      await fineTune(model, parameters, { train: samples }, settings, {
        onStep: line => losses.push(line.loss),
      });
      expectWithin(compared('losses'), largestDifference(losses, golden.losses), tolerance.trainingLoss);
      const expected = goldenTensors(name, `expected/${file}.safetensors`);
      expect([...parameters.arrays.keys()].sort()).toEqual([...golden.trainable].sort());
      expectTrainedWeights(compared('weights'), parameters.arrays, expected);
      const tuned = model.withWeights(parameters.evaluated());
      for (const [i, loss] of golden.losses_after.entries()) {
        const batch = samples.slice(i * settings.batch_size, (i + 1) * settings.batch_size);
        const difference = Math.abs((await meanLoss(tuned, batch)) - loss);
        expectWithin(compared('losses'), difference, tolerance.trainingLoss);
      }
      return parameters;
    };

    it('CEFT, weights in memory: losses, weights, losses afterwards; the model itself stays as it was', async () => {
      const model = open(1e12);
      const parameters = await replay(model, 'train_ceft', {});
      const names = [...parameters.arrays.keys()];
      const fresh = readWeights(open(1e12).checkpoint, names);
      expect(readWeights(model.checkpoint, names)).toEqual(fresh);
    });

    it('CEFT, weights in their files: the same', () => replay(open(1), 'train_ceft', {}));

    it.each([1e12, 1])(
      'LoRA (memory budget %d): losses, weights, losses afterwards, logits',
      async budget => {
        const model = open(budget);
        const { r, lora_alpha } = goldenJson<GoldenExpertTraining>(name, 'expected/train_lora.json');
        const initial = goldenTensors(name, 'expected/train_lora_init.safetensors');
        const parameters = await replay(
          model,
          'train_lora',
          { parametrisation: 'lora', lora_r: r, lora_alpha, lora_dropout: 0 },
          ({ arrays }) => {
            for (const [array, values] of arrays) values.set(initial.readFloat32(array));
          },
        );
        const rows = traceRows(name);
        const lengths = rows.map(row => row.length);
        const logits = goldenTensors(name, 'expected/lora_logits.safetensors').readFloat32('logits');
        const expected = packGolden(logits, lengths, Math.max(...lengths));
        for (const tuned of [parameters.evaluated(), { tensors: parameters.merged() }]) {
          const trace = await traceBatch(model.withWeights(tuned), packRows(rows), { logits: true });
          expectWithin(
            { family: name, quantity: 'logits with a trained LoRA' },
            largestDifference(trace.logits?.data as Float32Array, expected),
            tolerance.logits,
          );
        }
      },
    );
  });
}
