/** @file The training loop on a task whose gradients are known: 1/2 (p − target)² for each parameter. */
import path from 'node:path';

import * as v from 'valibot';
import { describe, expect, it } from 'vitest';

import { scratchFolder } from '../../test/helpers/scratch';
import { InputError } from '../common/errors';
import { writeSafetensors } from '../model/checkpoint/safetensors-writer';
import type { EvaluationLine, TrainingLine } from '../protocol/artifacts';
import { type TrainingSettings, TrainingSettingsSchema } from '../protocol/jobs';
import {
  type DevScores,
  stepsPerEpoch,
  totalSteps,
  train,
  type TrainingHooks,
  type TrainingState,
  type TrainingTask,
} from './training-loop';
import { readTrainingState, writeTrainingState } from './training-state-file';

const scratch = scratchFolder();
const settings = (some: v.InferInput<typeof TrainingSettingsSchema>): TrainingSettings =>
  v.parse(TrainingSettingsSchema, { lr: 0.1, batch_size: 2, ...some });

const asScores = (scores: number | DevScores): DevScores =>
  typeof scores === 'number' ? { loss: scores } : scores;

interface Quadratic extends TrainingTask {
  readonly weight: Float32Array;
}

/** Each step pulls the parameters to another target. */
function quadratic(devScores?: readonly (number | DevScores)[]): Quadratic {
  const weight = Float32Array.of(0, 1, 2);
  let evaluation = 0;
  return {
    weight,
    samples: 5,
    parameters: new Map([['w', weight]]),
    gradients: step =>
      Promise.resolve({
        loss: step + 0.5,
        gradients: new Map([['w', weight.map((value, i) => value - Math.sin(step + i))]]),
        tokens: 10,
      }),
    ...(devScores ? { evaluate: () => Promise.resolve(asScores(devScores[evaluation++])) } : {}),
  };
}

async function linesOf(some: v.InferInput<typeof TrainingSettingsSchema>): Promise<TrainingLine[]> {
  const lines: TrainingLine[] = [];
  await train(quadratic(), settings(some), { onStep: line => lines.push(line) });
  return lines;
}

describe('the length of a run', () => {
  it('counts updates: a smaller last batch is one', () => {
    expect(stepsPerEpoch(17, settings({ batch_size: 8 }))).toBe(3);
    expect(stepsPerEpoch(17, settings({ batch_size: 4, grad_accumulation: 2 }))).toBe(3);
  });

  it('is that of the epochs, parts of one included, unless steps are given', () => {
    expect(totalSteps(16, settings({ batch_size: 8, epochs: 3 }))).toBe(6);
    expect(totalSteps(16, settings({ batch_size: 8, epochs: 1.5 }))).toBe(3);
    expect(totalSteps(16, settings({ batch_size: 8, epochs: 0.01 }))).toBe(1);
    expect(totalSteps(16, settings({ batch_size: 8, max_steps: 7 }))).toBe(7);
  });
});

describe('train', () => {
  it('reports every step: loss before it, learning rate, norm before clipping', async () => {
    const lines = await linesOf({ max_steps: 4, schedule: 'linear', warmup_ratio: 0, clip: 0.01 });
    expect(lines.map(({ step, loss }) => [step, loss])).toEqual([
      [0, 0.5],
      [1, 1.5],
      [2, 2.5],
      [3, 3.5],
    ]);
    // 5 samples in batches of 2: three steps an epoch.
    lines.forEach(({ epoch, lr }, step) => {
      expect(epoch).toBeCloseTo(step / 3, 12);
      expect(lr).toBeCloseTo(0.1 * (1 - step / 4), 12);
    });
    const gradient = [0, 1, 2].map(i => i - Math.sin(i));
    expect(lines[0].grad_norm).toBeCloseTo(Math.hypot(...gradient), 6);
  });

  it('evaluates every tenth of the run and at its end', async () => {
    const evaluated: EvaluationLine[] = [];
    const losses = Array.from({ length: 10 }, () => 1);
    await train(quadratic(losses), settings({ max_steps: 25 }), {
      onEvaluation: line => evaluated.push(line),
    });
    expect(evaluated.map(({ step }) => step)).toEqual([3, 5, 8, 10, 13, 15, 18, 20, 23, 25]);
    // Equal ones are no new best.
    expect(evaluated.filter(({ best }) => best).map(({ step }) => step)).toEqual([3]);
    expect(new Set(evaluated.map(({ split }) => split))).toEqual(new Set(['dev']));
  });

  it('leaves the parameters of the first lowest dev loss in place', async () => {
    const task = quadratic([5, 3, 4, 3, 6]);
    const weights: number[][] = [];
    const hooks: TrainingHooks = { onStep: () => weights.push([...task.weight]) };
    const outcome = await train(task, settings({ max_steps: 5 }), hooks);
    expect(outcome).toEqual({ steps: 5, bestStep: 2, dev: { loss: 3 } });
    expect([...task.weight]).toEqual(weights[1]);
  });

  it('ends once its patience does', async () => {
    const some = settings({ max_steps: 10, patience: 3 });
    const losses = [5, 3, 4, 3, 2, 6, 6, 6, 1, 1];
    const steps: number[] = [];
    const task = quadratic(losses);
    const outcome = await train(task, some, { onStep: ({ step }) => steps.push(step) });
    expect(outcome).toEqual({ steps: 8, bestStep: 5, dev: { loss: 2 } });
    expect(steps).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    // Without a dev set there is nothing to wait for.
    expect(await train(quadratic(), some)).toEqual({ steps: 10, bestStep: 10 });
  });

  describe('selecting by exact match', () => {
    const scored: DevScores[] = [
      { loss: 1, em: 0, f1: 5 },
      { loss: 3, em: 50, f1: 60 },
      { loss: 4, em: 50, f1: 70 },
      { loss: 2, em: 50, f1: 50 },
      { loss: 0.5, em: 40, f1: 90 },
    ];

    it('keeps the parameters of the highest, among equals of the lowest loss', async () => {
      const some = settings({ max_steps: 5, select: 'em' });
      const evaluated: EvaluationLine[] = [];
      const outcome = await train(quadratic(scored), some, { onEvaluation: line => evaluated.push(line) });
      expect(outcome).toEqual({ steps: 5, bestStep: 4, dev: scored[3] });
      expect(evaluated.map(({ loss, em, f1 }) => ({ loss, em, f1 }))).toEqual(scored);
      expect(evaluated.map(({ best = false }) => best)).toEqual([true, true, false, true, false]);
      expect((await train(quadratic(scored), settings({ max_steps: 5 }))).bestStep).toBe(5);
    });

    it('waits for a new best of that kind', async () => {
      const some = settings({ max_steps: 5, select: 'em', patience: 1 });
      expect(await train(quadratic(scored), some)).toEqual({ steps: 3, bestStep: 2, dev: scored[1] });
    });
  });

  it('saves its state as often as asked for, and every tenth of the run', async () => {
    const saved: number[] = [];
    await train(quadratic(), settings({ max_steps: 25, checkpoint_every: 4 }), {
      onCheckpoint: ({ step }) => saved.push(step),
    });
    expect(saved).toEqual([3, 4, 5, 8, 10, 12, 13, 15, 16, 18, 20, 23, 24, 25]);
  });

  it('keeps the last parameters without a dev set', async () => {
    expect(await train(quadratic(), settings({ max_steps: 5 }))).toEqual({ steps: 5, bestStep: 5 });
  });

  it('stops with advice when the loss is no number', async () => {
    const task = {
      ...quadratic(),
      gradients: () => Promise.resolve({ loss: NaN, gradients: new Map(), tokens: 1 }),
    };
    const run = train(task, settings({ max_steps: 5 }));
    await expect(run).rejects.toThrow(InputError);
    await expect(run).rejects.toThrow(/step 0 .*Lower the learning rate/);
  });
});

describe('a run that was interrupted', () => {
  const file = path.join(scratch, 'training.safetensors');
  const some = settings({ max_steps: 20, weight_decay: 0.01 });
  const devLosses = [9, 4, 5, 6, 7, 8, 9, 9, 9, 9];
  const exactMatches = devLosses.map((loss, i): DevScores => ({
    loss,
    em: i === 3 ? 100 / 3 : 0,
    f1: 100 / 7,
  }));

  it.each([
    ['no dev set', 'loss', undefined],
    ['dev losses', 'loss', devLosses],
    ['exact matches', 'em', exactMatches],
  ] as const)('goes on from its file to the same bits: %s', async (_, select, scores) => {
    const some = settings({ max_steps: 20, weight_decay: 0.01, select });
    const whole = quadratic(scores);
    const expected = await train(whole, some);

    const interrupted = quadratic(scores);
    const stopped = train(interrupted, some, {
      onCheckpoint: state => {
        writeTrainingState(file, state, 12.5);
        if (state.step === 10) throw new Error('interrupted');
      },
    });
    await expect(stopped).rejects.toThrow('interrupted');

    const resumed = quadratic(scores?.slice(5));
    const steps: number[] = [];
    const state = readTrainingState(file);
    expect(state?.seconds).toBe(12.5);
    const outcome = await train(resumed, some, { onStep: ({ step }) => steps.push(step) }, state);
    expect(steps[0]).toBe(10);
    expect(outcome).toEqual(expected);
    expect(resumed.weight).toEqual(whole.weight);
  });

  it('ends where it would have ended, if its patience had run out', async () => {
    const impatient = settings({ max_steps: 20, patience: 2, checkpoint_every: 1 });
    const whole = quadratic(devLosses);
    const expected = await train(whole, impatient, {
      onCheckpoint: state => writeTrainingState(file, state, 0),
    });
    expect(expected).toEqual({ steps: 8, bestStep: 4, dev: { loss: 4 } });
    const resumed = quadratic();
    const state = readTrainingState(file);
    expect(await train(resumed, impatient, {}, state)).toEqual(expected);
    expect(resumed.weight).toEqual(whole.weight);
  });

  it('has no state before the first was written', () => {
    expect(readTrainingState(path.join(scratch, 'none.safetensors'))).toBeUndefined();
  });

  it('refuses a state of something else', async () => {
    writeSafetensors(file, [{ name: 'w', dtype: 'F32', shape: [1], data: Float32Array.of(1) }]);
    expect(() => readTrainingState(file)).toThrow(InputError);
    const other: TrainingState = {
      step: 1,
      parameters: new Map([['w', Float32Array.of(1)]]),
      optimiser: { updates: 1, firstMoments: new Map(), secondMoments: new Map() },
    };
    await expect(train(quadratic(), some, {}, other)).rejects.toThrow(/"w" differs/);
  });
});
