/** @file Seconds and memory of the work that jobs which train are made of, from a small piece of each. */
import { chunks, evaluationBatches } from '../data/batches';
import type { Workload } from '../model/memory-estimate';
import type { Model } from '../model/model';
import type { TrainingSettings } from '../protocol/jobs';
import { evaluationTokens, fineTune, meanLoss, scoresDevAnswers } from '../train/fine-tuning';
import type { TrainableParameters } from '../train/parameters';
import { evaluations, totalSteps } from '../train/training-loop';
import type { LoadedSample } from './dataset';
import { maxNewTokens, scoreAnswers } from './evaluate';
import { largestBatch, largestEvaluationBatch } from './job-estimate';
import type { TuningData, TuningInputs } from './tuning-run';

/** Tokens of a piece that is timed. */
const probeTokens = 1024;

export interface PhaseSeconds {
  /** Until its sessions are made: taken once where they stay, and again where they were freed. */
  readonly start: number;
  readonly work: number;
}

/** Pieces that take less than this, in seconds, are taken again: the first time pays for memory that then stays. */
const shortPiece = 1;
const timesOfShortPiece = 4;

/** Runs a small piece, at most an eighth, of `work`, and extends it by the number of tokens. */
export async function secondsFor(
  samples: readonly LoadedSample[],
  work: (samples: readonly LoadedSample[]) => Promise<unknown>,
): Promise<PhaseSeconds> {
  if (samples.length === 0) return { start: 0, work: 0 };
  const [piece] = chunks(samples, pieceSize(samples));
  const timed = async (some: readonly LoadedSample[]): Promise<number> => {
    const begun = performance.now();
    await work(some);
    return (performance.now() - begun) / 1000;
  };
  const start = await timed(piece.slice(0, 1));
  let shortest = await timed(piece);
  for (let i = 1; i < timesOfShortPiece && shortest < shortPiece; i++)
    shortest = Math.min(shortest, await timed(piece));
  return { start, work: shortest * (tokensOf(samples) / tokensOf(piece)) };
}

/** Seconds of the answers to all samples. */
export function answerSeconds(
  { tokenizer, hooks: { signal } }: TuningInputs,
  model: Model,
  samples: readonly LoadedSample[],
): Promise<PhaseSeconds> {
  return secondsFor(samples, piece => scoreAnswers(model, tokenizer, piece, { signal }));
}

/** Updates that take less than this, in seconds, vary by much: more of them are measured. */
const shortUpdate = 0.25;

/**
 * Seconds of the training and of its evaluations, from a few updates of parameters that nobody uses.
 * @param parameters makes them anew
 */
export async function trainingSeconds(
  inputs: TuningInputs,
  parameters: () => TrainableParameters,
): Promise<PhaseSeconds> {
  const { model, hooks } = inputs;
  const { signal } = hooks;
  const { training: settings } = inputs.request;
  const { train, dev } = inputs.data;
  const { samples } = train;
  const tokens = (settings.batch_size * settings.grad_accumulation * tokensOf(samples)) / samples.length;
  const begun = performance.now();
  const trained = parameters();
  const speed = await updateSpeed(inputs, trained, 2);
  const first = (performance.now() - begun) / 1000;
  const isShort = tokens / speed < shortUpdate;
  const seconds = tokens / (isShort ? await updateSpeed(inputs, trained, 8) : speed);
  const evaluated = model.withWeights(trained.evaluated());
  const devSamples = dev?.samples ?? [];
  const losses = await secondsFor(devSamples, piece =>
    // The routing is kept as well.
    meanLoss(evaluated, piece, { signal, onRouting: () => undefined }),
  );
  const answers = scoresDevAnswers(settings)
    ? await answerSeconds(inputs, evaluated, devSamples)
    : { start: 0, work: 0 };
  return {
    start: Math.max(0, first - 2 * seconds) + losses.start + answers.start,
    // The ratios before the first update take a pass as well.
    work:
      totalSteps(samples.length, settings) * seconds +
      (evaluations + 1) * losses.work +
      evaluations * answers.work,
  };
}

/** Tokens a second: the median of all of some updates but the first, which makes the sessions. */
async function updateSpeed(
  { model, data, request, hooks: { signal } }: TuningInputs,
  parameters: TrainableParameters,
  updates: number,
): Promise<number> {
  const speeds: number[] = [];
  const settings = { ...request.training, max_steps: updates };
  await fineTune(model, parameters, { train: data.train.samples }, settings, {
    signal,
    onStep: ({ step, tokens_per_s }) => step > 0 && speeds.push(tokens_per_s),
  });
  return speeds.sort((a, b) => a - b)[speeds.length >> 1];
}

/**
 * The largest pieces of training and of its evaluations.
 * @param tunedBytes of what trains, and of what is kept beside it
 */
export function trainingWork(
  { train, dev }: TuningData,
  settings: TrainingSettings,
  tunedBytes = 0,
): Workload[] {
  const { batch_size } = settings;
  const step = {
    batch: largestBatch(train.samples, batch_size),
    scored: mostAnswerTokens(train.samples, batch_size),
    trains: true,
    tunedBytes,
  };
  if (!dev) return [step];
  const answers = scoresDevAnswers(settings) ? [answerWork(dev.samples, tunedBytes)] : [];
  // The sessions of training stay.
  return [step, { ...evaluationWork(dev.samples), trains: true, tunedBytes }, ...answers];
}

/** A pass over samples that computes the loss of their answers. */
export function evaluationWork(samples: readonly LoadedSample[]): Workload {
  const scored = evaluationBatches(samples, evaluationTokens).map(({ answerSpans }) =>
    answerSpans.reduce((sum, [start, end]) => sum + end - start, 0),
  );
  return { batch: largestEvaluationBatch(samples), scored: Math.max(...scored), trains: false };
}

export function answerWork(samples: readonly LoadedSample[], tunedBytes = 0): Workload {
  const batch = largestEvaluationBatch(samples);
  return { batch, scored: batch.samples, trains: false, maxNewTokens, tunedBytes };
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
