/** @file Seconds and memory of the main job, from a small piece of each of its phases. */
import { chunks } from '../data/batches';
import type { Workload } from '../model/memory-estimate';
import type { Model } from '../model/model';
import type { BatchLengths } from '../model/packed-batch';
import type { IdentifyRequest, TrainingSettings } from '../protocol/jobs';
import { tuneRouters } from '../train/router-tuning';
import { totalSteps } from '../train/training-loop';
import { activationStatistics } from './activation-statistics';
import type { LazyTokenizer, LoadedSample } from './dataset';
import { maxNewTokens, scoreAnswers } from './evaluate';
import { type IdentifyData, phases } from './identify-setup';
import { checkMemory, type JobEstimate, largestBatch, largestEvaluationBatch } from './job-estimate';
import type { Phase } from './job-progress';

/** Tokens of a piece that is timed. */
const probeTokens = 1024;
/** Evaluations on the dev set that training makes. */
const devEvaluations = 10;

export interface IdentifyEstimate extends JobEstimate {
  /** The phases, with their seconds as work. */
  readonly phases: readonly Phase[];
}

/**
 * Runs a small piece of each phase, at most an eighth of it, and extends it by the number of tokens.
 * @throws InputError if the memory budget is too small
 */
export async function estimateIdentify(
  request: IdentifyRequest,
  model: Model,
  tokenizer: LazyTokenizer,
  data: IdentifyData,
  sampled: readonly LoadedSample[],
): Promise<IdentifyEstimate> {
  const { training } = request;
  const test = data.test?.samples ?? [];
  const dev = data.dev?.samples ?? [];
  const evaluated = [...sampled, ...dev, ...test];
  const memory = checkMemory(model, [
    {
      batch: largestBatch(data.train.samples, training.batch_size),
      scored: mostAnswerTokens(data.train.samples, training.batch_size),
      trains: true,
    },
    { batch: largestEvaluationBatch(evaluated), scored: mostAnswerTokens(evaluated, 1), trains: true },
    ...(test.length > 0 ? [answering(largestEvaluationBatch(test))] : []),
  ]);
  const answers = await secondsFor(test, samples => scoreAnswers(model, tokenizer, samples));
  const routing = await secondsFor(sampled, samples => activationStatistics(model, samples));
  const tuning = await tuningSeconds(model, data.train.samples, training);
  const evaluations = (devEvaluations * routing * tokensOf(dev)) / tokensOf(sampled);
  const work = [
    { name: phases.baseAnswers, work: answers },
    { name: phases.baseRouting, work: routing },
    { name: phases.tuning, work: tuning + evaluations },
    { name: phases.tunedRouting, work: routing },
    { name: phases.tunedAnswers, work: answers },
  ];
  return { memory, phases: work, seconds: work.reduce((sum, phase) => sum + phase.work, 0) };
}

function answering(batch: BatchLengths): Workload {
  return { batch, scored: batch.samples, trains: false, maxNewTokens };
}

/** Seconds that `work` takes for all samples. */
async function secondsFor(
  samples: readonly LoadedSample[],
  work: (samples: readonly LoadedSample[]) => Promise<unknown>,
): Promise<number> {
  if (samples.length === 0) return 0;
  const [piece] = chunks(samples, pieceSize(samples));
  // What the first run makes (sessions) is not what the others take.
  await work(piece.slice(0, 1));
  const started = performance.now();
  await work(piece);
  return ((performance.now() - started) / 1000) * (tokensOf(samples) / tokensOf(piece));
}

/** Updates that take less than this, in seconds, vary by much: more of them are measured. */
const shortUpdate = 0.25;

/** From a few updates, which change nothing of the model. */
async function tuningSeconds(
  model: Model,
  train: readonly LoadedSample[],
  settings: TrainingSettings,
): Promise<number> {
  const tokens = (settings.batch_size * settings.grad_accumulation * tokensOf(train)) / train.length;
  const speed = await updateSpeed(model, train, settings, 2);
  const isShort = tokens / speed < shortUpdate;
  const seconds = tokens / (isShort ? await updateSpeed(model, train, settings, 8) : speed);
  return totalSteps(train.length, settings) * seconds;
}

/** Tokens a second: the median of some updates, without the first, which makes the sessions. */
async function updateSpeed(
  model: Model,
  train: readonly LoadedSample[],
  settings: TrainingSettings,
  updates: number,
): Promise<number> {
  const speeds: number[] = [];
  await tuneRouters(
    model,
    { train },
    { ...settings, max_steps: updates },
    { onStep: ({ step, tokens_per_s }) => step > 0 && speeds.push(tokens_per_s) },
  );
  return speeds.sort((a, b) => a - b)[speeds.length >> 1];
}

/** Answer tokens of the `count` samples that have most. */
function mostAnswerTokens(samples: readonly LoadedSample[], count: number): number {
  return samples
    .map(({ spans: { answer } }) => answer[1] - answer[0])
    .sort((a, b) => b - a)
    .slice(0, count)
    .reduce((sum, tokens) => sum + tokens, 0);
}

/** Samples of about `probeTokens`, at most an eighth. */
function pieceSize(samples: readonly LoadedSample[]): number {
  const perSample = tokensOf(samples) / samples.length;
  return Math.max(1, Math.floor(Math.min(probeTokens / perSample, samples.length / 8)));
}

function tokensOf(samples: readonly LoadedSample[]): number {
  return samples.reduce((sum, { inputIds }) => sum + inputIds.length, 0);
}
