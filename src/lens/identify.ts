/** @file The main job: tune the routers, then see which experts the tuned routers choose (METHOD steps 1 and 2). */
import path from 'node:path';

import { CancelledError, InputError, messageOf } from '../common/errors';
import { PeakMemory } from '../common/peak-memory';
import { expertCounts } from '../model/architecture';
import type { Model } from '../model/model';
import { type Routers } from '../model/model';
import {
  type AnswerScores,
  type ContextDependence,
  runFiles,
  type RunRecord,
  SCHEMA_VERSION,
} from '../protocol/artifacts';
import type { IdentifyRequest, IdentifyResult, JobHooks } from '../protocol/jobs';
import { type RouterTuningResult, tuneRouters } from '../train/router-tuning';
import { readTrainingState, writeTrainingState } from '../train/training-state-file';
import { activationStatistics } from './activation-statistics';
import { topExperts } from './context-dependence';
import { LazyTokenizer } from './dataset';
import { scoreAnswers } from './evaluate';
import { estimateIdentify } from './identify-estimate';
import {
  checkUnchanged,
  type IdentifyData,
  loadData,
  phases,
  startRecord,
  statisticsSamples,
} from './identify-setup';
import { describeEstimate } from './job-estimate';
import { JobProgress } from './job-progress';
import { openModel } from './open-model';
import { writeReport } from './report/write-report';
import { RunFolder } from './run-folder';
import { writeRouters } from './trained-routers';

/**
 * Finds the context-faithful experts of a checkpoint and writes the run folder.
 * A cancelled or failed job keeps its folder with that status in `run.json`, unless it failed before anything ran.
 * @throws InputError, CancelledError
 */
export async function identify(request: IdentifyRequest, hooks: JobHooks = {}): Promise<IdentifyResult> {
  if (!request.resume) RunFolder.checkFree(request.out);
  const model = await openModel(request.model, request.engine, hooks);
  const memory = new PeakMemory();
  try {
    checkListLength(request.k, model);
    const tokenizer = new LazyTokenizer(model.checkpoint);
    const data = loadData(request, tokenizer);
    const folder = request.resume ? RunFolder.open(request.out) : RunFolder.create(request.out);
    const record = startRecord(request, model, data);
    if (request.resume) checkUnchanged(folder.record(), record);
    folder.writeRecord(record);
    try {
      return await runJob({ request, hooks, model, memory, tokenizer, data, folder, record });
    } catch (error) {
      const status = error instanceof CancelledError ? 'cancelled' : 'failed';
      folder.writeRecord({ ...record, status, finished: now(), error: messageOf(error) });
      throw error;
    }
  } finally {
    await memory.stop();
    await model.release();
  }
}

function checkListLength(k: number | undefined, model: Model): void {
  const { experts } = expertCounts(model.architecture);
  if (k !== undefined && k > experts)
    throw new InputError(`k is ${k}, but a layer has ${experts} experts. Give at most ${experts}.`);
}

interface Job {
  readonly request: IdentifyRequest;
  readonly hooks: JobHooks;
  readonly model: Model;
  readonly memory: PeakMemory;
  readonly tokenizer: LazyTokenizer;
  readonly data: IdentifyData;
  readonly folder: RunFolder;
  readonly record: RunRecord;
}

async function runJob(job: Job): Promise<IdentifyResult> {
  const { request, hooks, model, data, folder, record } = job;
  const { signal } = hooks;
  const sampled = statisticsSamples(data.train.samples, request.training.seed);
  const estimate = await estimateIdentify(request, model, job.tokenizer, data, sampled);
  hooks.log?.(describeEstimate(estimate, model.plan.memoryBudget));
  const progress = new JobProgress(estimate.phases, hooks);
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
  const { experts, topK } = expertCounts(model.architecture);
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
    memory: { peak_resident: process.resourceUsage().maxRSS * 1024, peak_private: await job.memory.read() },
    estimate: { seconds: estimate.seconds, memory: estimate.memory },
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
  const stateFile = folder.file(path.join(runFiles.checkpoint, 'training.safetensors'));
  const from = request.resume ? readTrainingState(stateFile) : undefined;
  folder.keepMetricsBefore(from?.step ?? 0);
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
    onCheckpoint: state => writeTrainingState(stateFile, state),
    ...(from ? { from } : {}),
  });
}

function now(): string {
  return new Date().toISOString();
}
