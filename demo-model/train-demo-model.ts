/**
 * @file `npm run train-demo-model`: builds the demo's world, data, tokenizer and model from nothing but a seed. An
 * interrupted run goes on where it was when it is started again.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import path from 'node:path';

import { Command } from 'commander';
import * as v from 'valibot';

import { writeFileAtomically, writeJsonAtomically } from '../src/common/atomic-file';
import { messageOf } from '../src/common/errors';
import { PeakMemory } from '../src/common/peak-memory';
import type { HostTensor } from '../src/engine/session';
import { Model } from '../src/model/model';
import { writeTunedWeights } from '../src/model/tuned-files/weights-file';
import { readTrainingState, writeTrainingState } from '../src/train/training-state-file';
import { HeldOutQuestions, type HeldOutScores } from './held-out';
import { writeInitialCheckpoint } from './initial-checkpoint';
import { modelCard } from './model-card';
import { pretrain, type StepReport } from './pretraining';
import { writeTasks } from './tasks';
import { writeTokenizerFiles } from './tokenizer-files';
import { TrainingBatches } from './training-batches';
import { World } from './world';

const worldSeed = 1;
const defaults = {
  seed: 0,
  steps: 1800,
  batchTokens: 4096,
  stages: [390, 1000] as [number, number],
  growth: [520, 1170] as [number, number],
  learningRate: { muon: 5e-3, adamw: 4e-3 },
  warmup: 80,
  decayFrom: 1000,
  loadBalancing: 0.01,
};
type Settings = typeof defaults;

interface Options {
  out: string;
  data: string;
  work: string;
  steps: string;
  seed: string;
  threads: string;
}

async function main(): Promise<void> {
  const options = new Command()
    .option('--out <folder>', 'where the checkpoint is written', 'demo/facts-moe')
    .option('--data <folder>', 'where the data files are written', 'demo/data')
    .option('--work <folder>', 'where an interrupted run goes on from', '.router-lens/train-demo-model')
    .option('--steps <n>', 'updates', String(defaults.steps))
    .option('--seed <n>', 'of weights and documents; the world has its own', String(defaults.seed))
    .option('--threads <n>', '0: as many as there are cores', '0')
    .parse()
    .opts<Options>();
  const settings = { ...defaults, steps: Number(options.steps), seed: Number(options.seed) };
  const world = new World(worldSeed);
  const samples = writeTasks(options.data, world, worldSeed);
  const summary = await train(options, settings, world, samples);
  console.log(JSON.stringify(summary));
}

async function train(
  { work, out, threads }: Options,
  settings: Settings,
  world: World,
  samples: ReadonlyMap<string, number>,
): Promise<object> {
  checkSettings(work, settings);
  const initial = path.join(work, 'initial');
  if (!existsSync(path.join(initial, 'config.json'))) writeInitialCheckpoint(initial, settings.seed);
  const model = Model.open(initial, { threads: Number(threads), memoryBudget: 0 });
  const memory = new PeakMemory();
  const stateFile = path.join(work, 'state.safetensors');
  const log = path.join(work, 'log.jsonl');
  const from = readTrainingState(stateFile);
  const questions = new HeldOutQuestions(world, worldSeed);
  const recent: StepReport[] = [];
  let scores: HeldOutScores = {};
  const parameters = await pretrain(model, new TrainingBatches(world, settings), settings, {
    ...(from ? { from } : {}),
    onStep: report => recent.push(report),
    onCheckpoint: async (state, trained) => {
      scores = await questions.score(trained);
      const line = { step: state.step, ...meansOf(recent.splice(0)), ...scores };
      appendFileSync(log, `${JSON.stringify(line)}\n`);
      writeTrainingState(stateFile, state, totals(log).seconds);
      console.log(JSON.stringify(line));
    },
  });
  writeCheckpoint(out, model, parameters.merged());
  const peak = await memory.read();
  await memory.stop();
  const { tokens, seconds } = totals(log);
  const { parameters: count, architecture } = model.checkpoint;
  const card = modelCard(world, {
    parameters: count,
    vocabulary: architecture.vocabularySize,
    steps: settings.steps,
    tokens,
    seconds,
    machine: machineName(),
    scores,
    samples,
  });
  writeFileAtomically(path.join(out, 'README.md'), card);
  await model.release();
  return { ...settings, tokens, seconds, peak_private: peak, held_out: scores };
}

function machineName(): string {
  return `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores`;
}

/** @throws Error if the folder holds a run of other settings */
function checkSettings(work: string, settings: Settings): void {
  const file = path.join(work, 'settings.json');
  const text = JSON.stringify(settings);
  if (existsSync(file) && JSON.stringify(JSON.parse(readFileSync(file, 'utf8'))) !== text) {
    throw new Error(`${work}: holds a run of other settings. Remove it, or give --work another folder.`);
  }
  mkdirSync(work, { recursive: true });
  writeJsonAtomically(file, settings);
}

/** A complete Hugging Face folder, its weights in bfloat16. */
function writeCheckpoint(out: string, { checkpoint }: Model, weights: ReadonlyMap<string, HostTensor>): void {
  mkdirSync(out, { recursive: true });
  writeTunedWeights(path.join(out, 'model.safetensors'), checkpoint, weights, 'BF16');
  writeTokenizerFiles(out);
  for (const name of ['config.json', 'generation_config.json']) {
    writeFileAtomically(path.join(out, name), readFileSync(path.join(checkpoint.folder, name)));
  }
}

function meansOf(reports: readonly StepReport[]): Record<string, number> {
  const sum = (value: (report: StepReport) => number): number =>
    reports.reduce((total, report) => total + value(report), 0);
  const [tokens, seconds] = [sum(report => report.tokens), sum(report => report.seconds)];
  return {
    loss: sum(report => report.loss) / reports.length,
    load_balancing: sum(report => report.loadBalancing) / reports.length,
    tokens,
    seconds,
    tokens_per_s: tokens / seconds,
  };
}

/** Of the whole training, interruptions left out. */
function totals(log: string): { tokens: number; seconds: number } {
  const lines = readFileSync(log, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => v.parse(LogLineSchema, JSON.parse(line)));
  const last = new Map(lines.map(line => [line.step, line]));
  return {
    tokens: [...last.values()].reduce((sum, { tokens }) => sum + tokens, 0),
    seconds: [...last.values()].reduce((sum, { seconds }) => sum + seconds, 0),
  };
}

const LogLineSchema = v.object({ step: v.number(), tokens: v.number(), seconds: v.number() });

main().catch((error: unknown) => {
  console.error(messageOf(error));
  process.exitCode = 1;
});
