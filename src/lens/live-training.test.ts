/** @file What can be read of a run while it trains: its metrics line by line, the best so far, who holds it. */
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';
import { afterAll, describe, expect, it, vi } from 'vitest';

import { scratchFolder } from '../../test/helpers/scratch';
import { writeTinyCheckpoint } from '../../test/helpers/tiny-checkpoint';
import { CancelledError, InputError } from '../common/errors';
import { isHeld, lockRun, runLockFile } from '../common/run-lock';
import { Model } from '../model/model';
import {
  type EvaluationLine,
  type MetricLine,
  runFiles,
  type RunRecord,
  type TrainingLine,
} from '../protocol/artifacts';
import { type FinetuneRequestInput, FinetuneRequestSchema } from '../protocol/finetune';
import type { JobHooks } from '../protocol/jobs';
import { activationStatistics } from './activation-statistics';
import { LazyTokenizer, loadDataset } from './dataset';
import { scoreAnswers } from './evaluate';
import { finetune } from './finetune';
import { RunFolder } from './run-folder';
import { tunedVariant } from './variant';

// The page's script is bundled for the command line, whose tests write reports.
vi.mock('./report/write-report', () => ({ writeReport: (folder: string) => folder }));

const scratch = scratchFolder();
const folder = writeTinyCheckpoint(path.join(scratch, 'tiny'));
const model = Model.open(folder, { threads: 1, memoryBudget: 1e12 });
afterAll(() => model.release());
const write = (name: string, answer: string): string => {
  const file = path.join(scratch, name);
  writeFileSync(file, JSON.stringify([{ context: `It is ${answer}.`, question: 'What?', answer }]));
  return file;
};
const data = write('train.json', 'red');
/** What is learned of the one makes the other less probable, sooner or later. */
const dev = write('dev.json', 'blue');
const steps = 10;

function train(name: string, hooks: JobHooks, some: Partial<FinetuneRequestInput> = {}) {
  const request: FinetuneRequestInput = {
    ...{ model: folder, method: 'rt', train: data, dev, out: path.join(scratch, name) },
    training: { max_steps: steps, batch_size: 1, lr: 0.3, schedule: 'constant', dev_answers: true },
    engine: { threads: 1 },
    ...some,
  };
  return finetune(v.parse(FinetuneRequestSchema, request), hooks);
}

interface Seen {
  lines: MetricLine[];
  record: RunRecord;
  held: boolean;
}
const isEvaluation = (line: MetricLine): line is EvaluationLine => 'split' in line;

describe('a run that trains', () => {
  it('can be followed', async () => {
    const out = path.join(scratch, 'followed');
    const seen: Seen[] = [];
    const look = (): void => {
      const run = RunFolder.open(out);
      seen.push({ lines: run.metrics(), record: run.record(), held: isHeld(out) });
    };
    // Told of each evaluation, with ten steps after each step.
    await train('followed', { log: line => void (line.startsWith('dev loss') && look()) });
    expect(seen.length).toBe(steps);
    for (const [i, { lines, record, held }] of seen.entries()) {
      const trained = lines.filter((line): line is TrainingLine => !isEvaluation(line));
      const evaluated = lines.filter(isEvaluation);
      expect([trained.length, evaluated.length]).toEqual([i + 1, i + 1]);
      expect(held).toBe(true);
      const losses = evaluated.map(({ loss }) => loss);
      evaluated.forEach(({ loss, best, em }, at) => {
        expect(best).toBe(loss < Math.min(Infinity, ...losses.slice(0, at)) ? true : undefined);
        expect(em).toBeTypeOf('number');
      });
      const best = evaluated[losses.indexOf(Math.min(...losses))];
      expect(record).toMatchObject({
        status: 'running',
        results: { best_step: best.step, dev_loss: best.loss, dev_em: best.em },
      });
    }
    // Some evaluation was no new best: the flag tells something.
    expect(seen[steps - 1].lines.filter(line => isEvaluation(line) && !line.best).length).toBeGreaterThan(0);
    expect(isHeld(out)).toBe(false);
    expect(existsSync(path.join(out, runLockFile))).toBe(false);
  });

  it('scores the answers to the dev set of what it keeps', async () => {
    const { run, run_folder } = await train('scored', {});
    const tokenizer = new LazyTokenizer(model.checkpoint);
    const { samples } = loadDataset('dev', dev, tokenizer, { maxLength: 300, seed: 0 });
    const kept = await scoreAnswers(tunedVariant(run_folder, model).model, tokenizer, samples);
    expect(run.results.dev_em).toBe(kept?.em);
  });
});

describe('the ratios of a run that trains', () => {
  const settings = { max_steps: steps, batch_size: 1, lr: 0.3, schedule: 'constant' } as const;
  const tokenizer = new LazyTokenizer(model.checkpoint);
  const { samples } = loadDataset('dev', dev, tokenizer, { maxLength: 300, seed: 0 });

  it.each([
    ['rt', 'full'],
    ['fft', 'full'],
    ['fft', 'lora'],
  ] as const)(
    'are those of METHOD step 2 over the dev set, before and after: %s, %s',
    async (method, parametrisation) => {
      const name = `ratios-${method}-${parametrisation}`;
      const some = { method, training: { ...settings, parametrisation } };
      const { run, run_folder } = await train(name, {}, some);
      const lines = RunFolder.open(run_folder).ratios();
      expect(lines.map(({ step }) => step)).toEqual(Array.from({ length: steps + 1 }, (_, i) => i));
      const kept = lines.find(({ step }) => step === run.results.best_step);
      // The weights that were kept, read from the run folder.
      const { model: tuned } = tunedVariant(run_folder, model);
      for (const [line, of] of [[lines[0], model] as const, [kept, tuned] as const]) {
        const expected = (await activationStatistics(of, samples)).ratios();
        expect(Object.keys(line?.ratio ?? {})).toEqual(Object.keys(expected));
        for (const [layer, values] of Object.entries(expected))
          expect(line?.ratio[layer]).toEqual(values.map(value => Number(value.toPrecision(5))));
      }
      // The training changes them: the lines tell something.
      expect(lines[steps].ratio).not.toEqual(lines[0].ratio);
    },
  );

  it('are the same when it was interrupted', async () => {
    const controller = new AbortController();
    const hooks = {
      signal: controller.signal,
      log: (line: string): void => void (line.startsWith('dev loss') && controller.abort()),
    };
    const some = { training: settings };
    await expect(train('ratios-interrupted', hooks, some)).rejects.toThrow(CancelledError);
    const interrupted = RunFolder.open(path.join(scratch, 'ratios-interrupted'));
    expect(interrupted.ratios().map(({ step }) => step)).toEqual([0, 1]);
    await train('ratios-interrupted', {}, { ...some, resume: true });
    await train('ratios-whole', {}, some);
    expect(interrupted.ratios()).toEqual(RunFolder.open(path.join(scratch, 'ratios-whole')).ratios());
  });

  it('are none without a dev set', async () => {
    const { run_folder } = await train('ratios-none', {}, { dev: undefined, training: settings });
    expect(existsSync(path.join(run_folder, runFiles.ratios))).toBe(false);
  });
});

describe('a run folder that a process writes', () => {
  it('is let go when the run is cancelled, and then goes on', async () => {
    const out = path.join(scratch, 'cancelled');
    const controller = new AbortController();
    const hooks = { signal: controller.signal, log: () => controller.abort() };
    await expect(train('cancelled', hooks)).rejects.toThrow(CancelledError);
    expect(isHeld(out)).toBe(false);
    const { run } = await train('cancelled', {}, { resume: true });
    expect(run.status).toBe('done');
  });

  it('is not resumed meanwhile', async () => {
    const out = path.join(scratch, 'held');
    const controller = new AbortController();
    const hooks = {
      signal: controller.signal,
      log: (line: string): void => void (line.startsWith('dev loss') && controller.abort()),
    };
    await expect(train('held', hooks)).rejects.toThrow(CancelledError);
    const before = RunFolder.open(out).record();
    const unlock = lockRun(out);
    const resumed = train('held', {}, { resume: true });
    await expect(resumed).rejects.toThrow(InputError);
    await expect(resumed).rejects.toThrow(/is writing this run/);
    expect(RunFolder.open(out).record()).toEqual(before);
    unlock();
  });
});
