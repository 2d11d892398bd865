/** @file Training from scratch on the real initial checkpoint, a few small steps. */
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Model } from '../src/model/model';
import type { TrainableParameters } from '../src/train/parameters';
import { readTrainingState, writeTrainingState } from '../src/train/training-state-file';
import { scratchFolder } from '../test/helpers/scratch';
import { writeInitialCheckpoint } from './initial-checkpoint';
import { pretrain, rateFactor } from './pretraining';
import { TrainingBatches } from './training-batches';
import { World } from './world';

const settings = {
  steps: 4,
  learningRate: { muon: 5e-3, adamw: 4e-3 },
  warmup: 2,
  decayFrom: 2,
  loadBalancing: 0.01,
};
const curriculum = {
  batchTokens: 300,
  stages: [0, 2] as [number, number],
  growth: [0, 2] as [number, number],
  seed: 1,
};

describe('rateFactor', () => {
  it('rises, stays, and falls to zero', () => {
    const shape = { steps: 10, warmup: 2, decayFrom: 5 };
    const factors = Array.from({ length: 10 }, (_, step) => rateFactor(step, shape));
    expect(factors).toEqual([0.5, 1, 1, 1, 1, 1, 0.8, 0.6, 0.4, 0.2]);
  });
});

describe('pretrain', () => {
  const folder = path.join(scratchFolder(), 'initial');
  writeInitialCheckpoint(folder, 0);
  const model = Model.open(folder, { threads: 1, memoryBudget: 0 });
  afterAll(() => model.release());
  const batches = new TrainingBatches(new World(1), curriculum);

  const losses: number[] = [];
  let whole: TrainableParameters;
  beforeAll(async () => {
    whole = await pretrain(model, batches, settings, { onStep: ({ loss }) => losses.push(loss) });
  });

  it('lowers the loss, and changes every kind of weight', async () => {
    expect(losses).toHaveLength(4);
    expect(losses[3]).toBeLessThan(losses[0]);
    const initial = await pretrain(model, batches, { ...settings, steps: 0 });
    for (const [name, values] of whole.arrays) expect(values).not.toEqual(initial.arrays.get(name));
  });

  it('goes on from a state on disk bit by bit as if it had not been interrupted', async () => {
    const file = path.join(scratchFolder(), 'state.safetensors');
    const interrupted = new AbortController();
    const stopped = pretrain(model, batches, settings, {
      checkpointInterval: 2,
      onCheckpoint: state => {
        writeTrainingState(file, state, 0);
        interrupted.abort();
      },
      signal: interrupted.signal,
    });
    await expect(stopped).rejects.toThrow();
    const from = readTrainingState(file);
    expect(from?.step).toBe(2);
    const resumed = await pretrain(model, new TrainingBatches(new World(1), curriculum), settings, {
      ...(from ? { from } : {}),
    });
    expect(resumed.arrays).toEqual(whole.arrays);
  });
});
