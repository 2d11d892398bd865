/** @file The memory that 6.9 billion parameters need: a trace and a router-tuning step within a budget. */
import path from 'node:path';

import { PeakMemory } from '../../src/common/peak-memory';
import { Model } from '../../src/model/model';
import { traceBatch } from '../../src/model/trace';
import { randomBatch } from '../batches';
import type { BenchCase, BenchResult, BenchSettings, Row } from '../bench-case';
import { runInOwnProcess } from '../own-process';
import { ensureCheckpoint, olmoe1b7b } from '../random-checkpoint';
import { median, secondsOf } from '../statistics';
import { temporaryFolder } from '../temporary-folder';
import { timedWorks } from './olmoe-2-layers';

const name = 'olmoe-1b-7b';
const length = 300;
const budgets = { trace: 2.5e9, step: 4e9 };

function checkpoint({ folder = path.join(temporaryFolder, name) }: BenchSettings): string {
  return ensureCheckpoint(folder, olmoe1b7b);
}

async function trace(settings: BenchSettings): Promise<BenchResult> {
  const { batch } = randomBatch(1, length, olmoe1b7b.vocabulary);
  const model = Model.open(checkpoint(settings), {
    threads: settings.threads,
    memoryBudget: budgets.trace,
  });
  return measure(model, settings.repeats, () => traceBatch(model, batch));
}

/** A step takes a minute or more: one beside the first, to see that the peak stays. */
async function step(settings: BenchSettings): Promise<BenchResult> {
  const model = Model.open(checkpoint(settings), {
    threads: settings.threads,
    memoryBudget: budgets.step,
  });
  return measure(model, 1, timedWorks(model, randomBatch(8, length, olmoe1b7b.vocabulary)).step);
}

async function measure(model: Model, repeats: number, work: () => Promise<unknown>): Promise<BenchResult> {
  const memory = new PeakMemory();
  const first = await secondsOf(work);
  const next: number[] = [];
  for (let i = 0; i < repeats; i++) next.push(await secondsOf(work));
  const peak = await memory.read();
  await memory.stop();
  await model.release();
  return {
    first_s: first,
    next_s: median(next),
    private_gb: peak / 1e9,
    memory_mode: model.plan.memoryMode,
  };
}

const part = (suffix: string, run: BenchCase['run']): BenchCase => ({
  name: `${name}-${suffix}`,
  title: '',
  labels: {},
  partOf: name,
  onlyByName: true,
  run,
});

export const olmoe1b7bParts: readonly BenchCase[] = [part('trace', trace), part('step', step)];

export const olmoe1b7bMemory: BenchCase = {
  name,
  title: 'OLMoE-1B-7B’s geometry: 6.9 billion parameters, 13.8 GB in bfloat16',
  onlyByName: true,
  labels: {
    works: '',
    work: '',
    budget_gb: 'Memory budget',
    private_gb: 'Peak of private memory',
    first_s: 'First, with making the sessions',
    next_s: 'Next',
    memory_mode: 'Weights',
  },
  run(settings) {
    checkpoint(settings); // written here, so that the parts measure nothing of it
    const row = (suffix: keyof typeof budgets, work: string): Row => ({
      work,
      budget_gb: budgets[suffix] / 1e9,
      ...scalars(runInOwnProcess(`${name}-${suffix}`, settings).result),
    });
    const works = [
      row('trace', `Trace of ${length} tokens`),
      row('step', `Router-tuning step of 8 × ${length} tokens`),
    ];
    return Promise.resolve({
      trace_private_gb: works[0].private_gb,
      step_private_gb: works[1].private_gb,
      trace_s: works[0].next_s,
      step_s: works[1].next_s,
      works,
    });
  },
};

function scalars(result: BenchResult): Row {
  return Object.fromEntries(
    Object.entries(result).flatMap(([key, value]) => (typeof value === 'object' ? [] : [[key, value]])),
  );
}
