/** @file Phases of jobs that train: answers to the test set, and the training, recorded in the run folder. */
import path from 'node:path';

import type { Model } from '../model/model';
import type { PassOptions } from '../model/pass-options';
import { type AnswerScores, type EvaluationLine, runFiles } from '../protocol/artifacts';
import type { FineTuningOptions, TrainingData } from '../train/fine-tuning';
import { readTrainingState, writeTrainingState } from '../train/training-state-file';
import { DevRatios } from './dev-ratios';
import { scoreAnswers } from './evaluate';
import type { JobProgress } from './job-progress';
import type { RunFolder } from './run-folder';
import type { TuningRun } from './tuning-run';

/** Scores of a model's answers to the test set, if there is one with answers as text. */
export function answerPhase(
  { hooks: { signal }, tokenizer, data }: TuningRun,
  progress: JobProgress,
  name: string,
  model: Model,
  { routers }: Pick<PassOptions, 'routers'> = {},
): Promise<AnswerScores | undefined> {
  const onProgress = (done: number, total: number): void =>
    progress.report(name, done / total, `${done} of ${total} answers`);
  const options = { ...(routers ? { routers } : {}), signal, onProgress };
  return progress.time(name, () => scoreAnswers(model, tokenizer, data.test?.samples ?? [], options));
}

/** What is the best so far can be read while the training goes on. */
function recordBest(folder: RunFolder, { step, loss, em }: EvaluationLine): void {
  const record = folder.record();
  const best = { best_step: step, dev_loss: loss, ...(em === undefined ? {} : { dev_em: em }) };
  folder.writeRecord({ ...record, results: { ...record.results, ...best } });
}

/**
 * The training: its metrics, ratios and state go to the run folder, its progress to whoever waits. A run that is gone on
 * with continues from its last state.
 */
export function trainingPhase<T>(
  { request, hooks, model, tokenizer, data, folder }: TuningRun,
  progress: JobProgress,
  name: string,
  train: (data: TrainingData, options: FineTuningOptions) => Promise<T>,
): Promise<T> {
  const { signal } = hooks;
  const stateFile = folder.file(path.join(runFiles.checkpoint, 'training.safetensors'));
  const from = request.resume ? readTrainingState(stateFile) : undefined;
  folder.keepUntil(from?.step);
  const secondsBefore = from?.seconds ?? 0;
  const started = performance.now();
  const dev = data.dev?.samples;
  const options: FineTuningOptions = {
    signal,
    onStep: (line, steps) => {
      folder.appendMetric({ ...line, memory: process.memoryUsage.rss() });
      if (line.step === from?.step) progress.skip(name, line.step / steps);
      const done = line.step + 1;
      progress.report(name, done / steps, `step ${done} of ${steps}, loss ${line.loss.toFixed(3)}`);
    },
    onEvaluation: line => {
      folder.appendMetric(line);
      if (line.best) recordBest(folder, line);
      const em = line.em === undefined ? '' : `, EM ${line.em.toFixed(1)}`;
      hooks.log?.(`dev loss ${line.loss.toFixed(4)}${em} after ${line.step} steps`);
    },
    onCheckpoint: state =>
      writeTrainingState(stateFile, state, secondsBefore + (performance.now() - started) / 1000),
    devRouting: new DevRatios(model, line => folder.appendRatios(line)),
    answerScores: async model => (await scoreAnswers(model, tokenizer, dev ?? [], { signal })) ?? {},
    ...(from ? { from } : {}),
  };
  return progress.time(name, () => train({ train: data.train.samples, dev }, options), secondsBefore);
}
