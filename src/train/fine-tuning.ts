/** @file Fine-tuning on the loss of the answers, whatever it is that trains. */
import { Random } from '../common/random';
import { type Batch, batchOrder, chunks, evaluationBatches, packSamples } from '../data/batches';
import type { TokenizedSample } from '../data/tokenized-sample';
import type { LayerRouting } from '../model/layer-sessions';
import type { Model } from '../model/model';
import type { PassOptions } from '../model/pass-options';
import { weightGradients } from '../model/weight-gradients';
import type { TrainingSettings } from '../protocol/jobs';
import type { NamedArrays } from './adamw';
import { answerTargets } from './answer-targets';
import type { TrainableParameters } from './parameters';
import {
  type DevScores,
  type ResumedState,
  type StepResult,
  stepsPerEpoch,
  train,
  type TrainingHooks,
  type TrainingOutcome,
} from './training-loop';

/** Tokens of a batch of an evaluation. */
export const evaluationTokens = 2048;

/** Whether evaluations on the dev set decode its answers. */
export function scoresDevAnswers({
  select,
  dev_answers,
}: Pick<TrainingSettings, 'select' | 'dev_answers'>): boolean {
  return select === 'em' || dev_answers;
}

export interface TrainingData {
  readonly train: readonly TokenizedSample[];
  readonly dev?: readonly TokenizedSample[];
}

/** Top-k experts of the tokens of a batch, by MoE layer. */
export type ChosenExperts = ReadonlyMap<number, Pick<LayerRouting, 'indices'>>;

/** Sees which experts the dev set goes to. */
export interface RoutingWatch {
  /** A batch went through the model. */
  add(batch: Batch, chosen: ChosenExperts): void;
  /** That was the last batch, with so many updates done. */
  end(step: number): void;
}

export interface FineTuningOptions extends TrainingHooks {
  readonly signal?: AbortSignal;
  /** Where an interrupted run of the same settings stopped. */
  readonly from?: ResumedState;
  /** Told before the first update, and at each evaluation before its line. */
  readonly devRouting?: RoutingWatch;
  /** Exact match and F1 of a model on the dev set; needed where the settings ask for them. */
  readonly answerScores?: (model: Model) => Promise<Pick<DevScores, 'em' | 'f1'>>;
}

export interface FineTuningOutcome extends TrainingOutcome {
  readonly trainableParameters: number;
}

/** Trains `parameters` in place; the model itself stays as it is. */
export async function fineTune(
  model: Model,
  parameters: TrainableParameters,
  { train: samples, dev }: TrainingData,
  settings: TrainingSettings,
  options: FineTuningOptions = {},
): Promise<FineTuningOutcome> {
  const { signal, from, devRouting, answerScores } = options;
  const trained = model.withWeights(parameters.tuned);
  const evaluated = (): Model => {
    const weights = parameters.evaluated();
    return weights === parameters.tuned ? trained : model.withWeights(weights);
  };
  const devLoss = async (tuned: Model, of: readonly TokenizedSample[], done: number): Promise<number> => {
    const watch: LossOptions = devRouting ? { onRouting: (...routed) => devRouting.add(...routed) } : {};
    const loss = await meanLoss(tuned, of, { signal, ...watch });
    devRouting?.end(done);
    return loss;
  };
  const devScores = async (of: readonly TokenizedSample[], done: number): Promise<DevScores> => {
    const tuned = evaluated();
    const loss = await devLoss(tuned, of, done);
    return { loss, ...(scoresDevAnswers(settings) ? await answerScores?.(tuned) : {}) };
  };
  const task = {
    samples: samples.length,
    parameters: parameters.arrays,
    gradients: (step: number) =>
      stepGradients(trained, updateBatches(samples, settings, step), settings, step, signal),
    ...(dev ? { evaluate: (done: number) => devScores(dev, done) } : {}),
  };
  // By the sessions of the evaluations: those of the model as it is would take their memory again.
  if (dev && devRouting && !from) await devLoss(evaluated(), dev, 0);
  const outcome = await train(task, settings, options, from);
  let trainableParameters = 0;
  for (const { length } of parameters.arrays.values()) trainableParameters += length;
  return { ...outcome, trainableParameters };
}

/** The batches of update `step`: as many as are accumulated. They depend on nothing but samples, settings and step. */
export function updateBatches(
  samples: readonly TokenizedSample[],
  settings: TrainingSettings,
  step: number,
): Batch[] {
  const perEpoch = stepsPerEpoch(samples.length, settings);
  const order = batchOrder(samples.length, {
    batchSize: settings.batch_size * settings.grad_accumulation,
    seed: settings.seed,
    epoch: Math.floor(step / perEpoch),
    shuffle: settings.shuffle,
  });
  return chunks(order[step % perEpoch], settings.batch_size).map(chosen => packSamples(samples, chosen));
}

/** Gradients of the mean over all answer tokens of the accumulated batches, as if they were one batch. */
async function stepGradients(
  model: Model,
  batches: readonly Batch[],
  { seed, load_balancing }: TrainingSettings,
  step: number,
  signal: AbortSignal | undefined,
): Promise<StepResult> {
  const targets = batches.map(answerTargets);
  const lossDivisor = targets.reduce((sum, { rows }) => sum + rows.length, 0);
  // Drawn from seed and step alone, so that an interrupted run goes on as it would have.
  const random = new Random(seed * 1_000_003 + step);
  const sums = new Map<string, Float32Array>();
  const loadBalancing = load_balancing / batches.length;
  let loss = 0;
  let balance = 0;
  for (const [i, batch] of batches.entries()) {
    const dropoutSeed = random.integer(2 ** 30);
    const options = { lossDivisor, dropoutSeed, loadBalancing, signal };
    const found = await weightGradients(model, batch, targets[i], options);
    loss += found.loss;
    balance += (found.loadBalancingLoss ?? 0) / batches.length;
    addGradients(sums, found.gradients);
  }
  return {
    loss,
    ...(load_balancing > 0 ? { loadBalancingLoss: balance } : {}),
    gradients: sums,
    tokens: batches.reduce((sum, { inputIds }) => sum + inputIds.length, 0),
  };
}

function addGradients(sums: Map<string, Float32Array>, gradients: NamedArrays): void {
  for (const [name, values] of gradients) {
    const sum = sums.get(name);
    if (sum) for (let i = 0; i < values.length; i++) sum[i] += values[i];
    else sums.set(name, values);
  }
}

export interface LossOptions extends PassOptions {
  /** Told what each batch's routing was. */
  readonly onRouting?: RoutingWatch['add'];
}

/** Mean −log p (nats) of all answer tokens of the samples. */
export async function meanLoss(
  model: Model,
  samples: readonly TokenizedSample[],
  { onRouting, ...options }: LossOptions = {},
): Promise<number> {
  let sum = 0;
  let tokens = 0;
  for (const batch of evaluationBatches(samples, evaluationTokens)) {
    const { rows, targets } = answerTargets(batch);
    const chosen = new Map<number, Pick<LayerRouting, 'indices'>>();
    const hidden = await model.forwardRows(batch, rows, {
      ...options,
      // The logits of all layers would take much memory together.
      ...(onRouting ? { onRouting: (layer, { indices }) => chosen.set(layer, { indices }) } : {}),
    });
    onRouting?.(batch, chosen);
    const losses = await model.head.negativeLogLikelihoods(hidden, targets);
    for (const loss of losses) sum += loss;
    tokens += losses.length;
  }
  return sum / tokens;
}
