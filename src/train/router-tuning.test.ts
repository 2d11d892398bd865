/** @file Router tuning on a small model: accumulation, the routers that are kept, what is left alone. */
import path from 'node:path';

import * as v from 'valibot';
import { afterAll, describe, expect, it } from 'vitest';

import { scratchFolder } from '../../test/helpers/scratch';
import { writeTinyCheckpoint } from '../../test/helpers/tiny-checkpoint';
import { Random } from '../common/random';
import type { TokenizedSample } from '../data/tokenized-sample';
import { routerFeeds } from '../model/layers/router';
import { Model } from '../model/model';
import type { Routers } from '../model/pass-options';
import type { EvaluationLine, TrainingLine } from '../protocol/artifacts';
import { type TrainingSettings, TrainingSettingsSchema } from '../protocol/jobs';
import { meanLoss, updateBatches } from './fine-tuning';
import { tuneRouters } from './router-tuning';

const model = Model.open(writeTinyCheckpoint(path.join(scratchFolder(), 'tiny')), {
  threads: 1,
  memoryBudget: 1e12,
});
afterAll(() => model.release());

/** Prompts and answers of different lengths. */
function samples(count: number, seed: number): TokenizedSample[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const [prompt, answer] = [3 + random.integer(6), 1 + random.integer(4)];
    const inputIds = Array.from({ length: prompt + answer }, () => 4 + random.integer(256));
    return { inputIds, spans: { answer: [prompt, prompt + answer] } };
  });
}
const train = samples(14, 1);
const dev = samples(5, 2);

const settings = (some: v.InferInput<typeof TrainingSettingsSchema>): TrainingSettings =>
  v.parse(TrainingSettingsSchema, { lr: 1e-2, schedule: 'constant', max_steps: 4, ...some });

const weights = (routers: Routers): Float32Array[] =>
  [...routers.values()].map(feeds => feeds[routerFeeds.weight].data as Float32Array);

async function tuned(
  some: v.InferInput<typeof TrainingSettingsSchema>,
): Promise<{ lines: TrainingLine[]; routers: Routers }> {
  const lines: TrainingLine[] = [];
  const { routers } = await tuneRouters(model, { train }, settings(some), {
    onStep: line => lines.push(line),
  });
  return { lines, routers };
}

describe('tuneRouters', () => {
  it('accumulates batches as if they were one, also where the last update of an epoch is smaller', async () => {
    const whole = await tuned({ batch_size: 8 });
    const accumulated = await tuned({ batch_size: 4, grad_accumulation: 2 });
    whole.lines.forEach(({ loss, grad_norm }, step) => {
      expect(Math.abs(accumulated.lines[step].loss - loss)).toBeLessThan(1e-5);
      expect(Math.abs(accumulated.lines[step].grad_norm - grad_norm)).toBeLessThan(1e-4 * grad_norm);
    });
    weights(whole.routers).forEach((expected, layer) => {
      const actual = weights(accumulated.routers)[layer];
      expected.forEach((value, i) => expect(Math.abs(actual[i] - value)).toBeLessThan(1e-4));
    });
  });

  it.each(['full', 'lora'] as const)(
    'keeps the routers with the lowest dev loss (%s)',
    async parametrisation => {
      const evaluated: EvaluationLine[] = [];
      // A rate far too high: the dev loss gets worse in the end.
      const result = await tuneRouters(
        model,
        { train, dev },
        settings({ parametrisation, lr: 0.3, max_steps: 10, clip: 0 }),
        { onEvaluation: line => evaluated.push(line) },
      );
      expect(evaluated.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      const lowest = evaluated.reduce((best, line) => (line.loss < best.loss ? line : best));
      expect(lowest.step).toBeLessThan(10);
      expect({ step: result.bestStep, loss: result.dev?.loss }).toEqual({
        step: lowest.step,
        loss: lowest.loss,
      });
      const again = await meanLoss(model, dev, { routers: result.routers });
      expect(Math.abs(again - lowest.loss)).toBeLessThan(1e-6);
    },
  );

  it('lowers the loss of what it trains on and leaves the model as it was', async () => {
    const before = weights(model.baseRouters).map(values => Float32Array.from(values));
    const untuned = await meanLoss(model, train);
    const { routers } = await tuned({ batch_size: 14, max_steps: 10 });
    expect(await meanLoss(model, train, { routers })).toBeLessThan(untuned - 0.01);
    expect(weights(model.baseRouters)).toEqual(before);
  });

  it('stops between layers once it is cancelled', async () => {
    const controller = new AbortController();
    const steps: number[] = [];
    const run = tuneRouters(model, { train }, settings({ max_steps: 100 }), {
      signal: controller.signal,
      onStep: ({ step }) => {
        steps.push(step);
        if (step === 1) controller.abort();
      },
    });
    await expect(run).rejects.toThrow('Cancelled.');
    expect(steps).toEqual([0, 1]);
  });
});

describe('updateBatches', () => {
  it('goes through every sample once an epoch, in another order each time', () => {
    const some = settings({ batch_size: 4, grad_accumulation: 2 });
    const rows = (step: number): number[][] => updateBatches(train, some, step).map(({ lengths }) => lengths);
    // 14 samples: an update of 4 + 4 and one of 4 + 2.
    expect([0, 1, 2, 3].map(step => rows(step).map(lengths => lengths.length))).toEqual([
      [4, 4],
      [4, 2],
      [4, 4],
      [4, 2],
    ]);
    const epoch = (first: number): number[] =>
      [first, first + 1].flatMap(step => updateBatches(train, some, step).flatMap(batch => batch.samples));
    expect([...epoch(0)].sort((a, b) => a - b)).toEqual(Array.from(train, (_, i) => i));
    expect(epoch(2)).not.toEqual(epoch(0));
  });
});
