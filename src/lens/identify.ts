/** @file The main job: tune the routers, then see which experts the tuned routers choose (METHOD steps 1 and 2). */
import { CancelledError, messageOf } from '../common/errors';
import { Random } from '../common/random';
import { Model, type Routers } from '../model/model';
import {
  type AnswerScores,
  type ContextDependence,
  type DatasetIdentity,
  runFiles,
  type RunRecord,
  SCHEMA_VERSION,
} from '../protocol/artifacts';
import type { IdentifyRequest, IdentifyResult, JobHooks } from '../protocol/jobs';
import { type RouterTuningResult, tuneRouters } from '../train/router-tuning';
import { totalSteps } from '../train/training-loop';
import { activationStatistics, maximumStatisticsSamples } from './activation-statistics';
import { topExperts } from './context-dependence';
import { type Dataset, LazyTokenizer, loadDataset, type LoadedSample } from './dataset';
import { engineRecord } from './engine-record';
import { scoreAnswers } from './evaluate';
import { modelIdentity } from './inspect';
import { JobProgress, type Phase } from './job-progress';
import { writeReport } from './report/write-report';
import { RunFolder } from './run-folder';
import { writeRouters } from './trained-routers';

const phases = {
  baseAnswers: 'Answers before tuning',
  baseRouting: 'Routing before tuning',
  tuning: 'Router tuning',
  tunedRouting: 'Routing after tuning',
  tunedAnswers: 'Answers after tuning',
} as const;

interface Data {
  readonly train: Dataset;
  readonly dev?: Dataset;
  readonly test?: Dataset;
}

/**
 * Finds the context-faithful experts of a checkpoint and writes the run folder.
 * A cancelled or failed job keeps its folder with that status in `run.json`, unless it failed before anything ran.
 * @throws InputError, CancelledError
 */
export async function identify(request: IdentifyRequest, hooks: JobHooks = {}): Promise<IdentifyResult> {
  const model = Model.open(request.model, {
    threads: request.engine.threads,
    memoryBudget: request.engine.memory_budget * 1e9,
  });
  try {
    const tokenizer = new LazyTokenizer(model.checkpoint);
    const data = loadData(request, tokenizer);
    const folder = RunFolder.create(request.out);
    const record = startRecord(request, model, data);
    folder.writeRecord(record);
    try {
      return await runJob({ request, hooks, model, tokenizer, data, folder, record });
    } catch (error) {
      const status = error instanceof CancelledError ? 'cancelled' : 'failed';
      folder.writeRecord({ ...record, status, finished: now(), error: messageOf(error) });
      throw error;
    }
  } finally {
    await model.release();
  }
}

interface Job {
  readonly request: IdentifyRequest;
  readonly hooks: JobHooks;
  readonly model: Model;
  readonly tokenizer: LazyTokenizer;
  readonly data: Data;
  readonly folder: RunFolder;
  readonly record: RunRecord;
}

async function runJob(job: Job): Promise<IdentifyResult> {
  const { request, hooks, model, data, folder, record } = job;
  const { signal } = hooks;
  const sampled = statisticsSamples(data.train.samples, request.training.seed);
  const progress = new JobProgress(jobPhases(job, sampled.length), hooks);
  const answers = (name: string, routers: Routers): Promise<AnswerScores | undefined> =>
    progress.time(name, () =>
      scoreAnswers(model, job.tokenizer, data.test?.samples ?? [], {
        routers,
        signal,
        onProgress: (done, total) => progress.report(name, done / total, `${done} of ${total} answers`),
      }),
    );
  const statistics = (name: string, routers: Routers): ReturnType<typeof activationStatistics> =>
    progress.time(name, () =>
      activationStatistics(model, sampled, {
        routers,
        signal,
        onProgress: (done, total) => progress.report(name, done / total, `${done} of ${total} samples`),
      }),
    );

  const base = await answers(phases.baseAnswers, model.baseRouters);
  const baseRouting = await statistics(phases.baseRouting, model.baseRouters);
  const tuning = await progress.time(phases.tuning, () => tune(job, progress));
  writeRouters(folder.file(runFiles.routers), model, tuning.routers);
  const tunedRouting = await statistics(phases.tunedRouting, tuning.routers);
  const tuned = await answers(phases.tunedAnswers, tuning.routers);

  const ratio = { base: baseRouting.ratios(), tuned: tunedRouting.ratios() };
  const { experts, topK } = model.architecture.layers[model.moeLayers[0]].feedForward;
  const k = request.k ?? topK;
  const contextDependence: ContextDependence = {
    schema_version: SCHEMA_VERSION,
    k,
    top_k: topK,
    num_experts: experts,
    samples: sampled.length,
    ratio,
    count: { base: baseRouting.activationCounts(), tuned: tunedRouting.activationCounts() },
    ce: topExperts(ratio.tuned, k),
    oe: topExperts(ratio.base, k),
  };
  folder.writeContextDependence(contextDependence);
  const finished: RunRecord = {
    ...record,
    status: 'done',
    finished: now(),
    timings: progress.timings(),
    memory: { peak_resident: process.resourceUsage().maxRSS * 1024 },
    results: {
      trainable_parameters: tuning.trainableParameters,
      steps: tuning.steps,
      best_step: tuning.bestStep,
      ...(tuning.devLoss === undefined ? {} : { dev_loss: tuning.devLoss }),
      ...(base ? { base } : {}),
      ...(tuned ? { tuned } : {}),
    },
  };
  folder.writeRecord(finished);
  return {
    run_folder: folder.path,
    run: finished,
    context_dependence: contextDependence,
    report: writeReport(folder.path),
  };
}

function tune(
  { request, hooks, model, data, folder }: Job,
  progress: JobProgress,
): Promise<RouterTuningResult> {
  return tuneRouters(model, { train: data.train.samples, dev: data.dev?.samples }, request.training, {
    signal: hooks.signal,
    onStep: (line, steps) => {
      folder.appendMetric(line);
      const done = line.step + 1;
      progress.report(phases.tuning, done / steps, `step ${done} of ${steps}, loss ${line.loss.toFixed(3)}`);
    },
    onEvaluation: line => {
      folder.appendMetric(line);
      hooks.log?.(`dev loss ${line.loss.toFixed(4)} after ${line.step} steps`);
    },
  });
}

function loadData(
  { train, dev, test, training, ...request }: IdentifyRequest,
  tokenizer: LazyTokenizer,
): Data {
  const { max_seq_length: maxLength, seed } = training;
  const load = (split: string, file: string, limit?: number): Dataset =>
    loadDataset(split, file, tokenizer, { limit, maxLength, seed });
  return {
    train: load('train', train, request.limit_train),
    ...(dev === undefined ? {} : { dev: load('dev', dev, request.limit_dev) }),
    ...(test === undefined ? {} : { test: load('test', test, request.limit_test) }),
  };
}

function statisticsSamples(samples: readonly LoadedSample[], seed: number): readonly LoadedSample[] {
  if (samples.length <= maximumStatisticsSamples) return samples;
  return new Random(seed).shuffled(samples).slice(0, maximumStatisticsSamples);
}

/** Work in forward passes of a sample: a training step costs about three; an answer is decoded token by token. */
function jobPhases({ request, data }: Job, sampled: number): Phase[] {
  const { train, dev, test } = data;
  const steps = totalSteps(train.samples.length, request.training);
  const { batch_size, grad_accumulation } = request.training;
  const answered = test?.samples ?? [];
  const answerTokens = answered.reduce((sum, { spans }) => sum + spans.answer[1] - spans.answer[0], 0);
  const tuning = 3 * steps * batch_size * grad_accumulation + 10 * (dev?.samples.length ?? 0);
  return [
    { name: phases.baseAnswers, work: answerTokens },
    { name: phases.baseRouting, work: sampled },
    { name: phases.tuning, work: tuning },
    { name: phases.tunedRouting, work: sampled },
    { name: phases.tunedAnswers, work: answerTokens },
  ];
}

function startRecord(request: IdentifyRequest, model: Model, data: Data): RunRecord {
  const { k, limit_train, limit_dev, limit_test, training, engine } = request;
  return {
    schema_version: SCHEMA_VERSION,
    job: 'identify',
    status: 'running',
    created: now(),
    settings: { k, limit_train, limit_dev, limit_test, ...training, ...engine },
    model: modelIdentity(model.checkpoint),
    datasets: [data.train, data.dev, data.test].flatMap((dataset): DatasetIdentity[] =>
      dataset ? [dataset.identity] : [],
    ),
    engine: engineRecord(model),
    timings: {},
    memory: {},
    results: {},
  };
}

function now(): string {
  return new Date().toISOString();
}
