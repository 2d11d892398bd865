/** @file Router tuning (METHOD step 1): only the routers train, on the loss of the answers. */
import { Random } from '../common/random';
import { type Batch, chunks, evaluationBatches, makeBatches, packSamples } from '../data/batches';
import type { TokenizedSample } from '../data/tokenized-sample';
import type { HostTensor } from '../engine/session';
import type { Model, PassOptions, Routers } from '../model/model';
import { routerGradients } from '../model/router-gradients';
import type { TrainingSettings } from '../protocol/jobs';
import type { NamedArrays } from './adamw';
import { answerTargets } from './answer-targets';
import {
  dropoutFactors,
  fullRouters,
  loraRouters,
  routerArrayName,
  type RouterParameters,
} from './router-parameters';
import {
  type StepResult,
  stepsPerEpoch,
  train,
  type TrainingHooks,
  type TrainingOutcome,
  type TrainingState,
} from './training-loop';

/** Tokens of a batch of an evaluation. */
export const evaluationTokens = 2048;

export interface RouterTuningResult extends TrainingOutcome {
  /** The kept routers, low-rank additions merged. */
  readonly routers: Routers;
  /** The trained arrays themselves. */
  readonly parameters: RouterParameters;
  readonly trainableParameters: number;
}

export interface RouterTuningOptions extends TrainingHooks {
  readonly signal?: AbortSignal;
  /** Where an interrupted run of the same settings stopped. */
  readonly from?: TrainingState;
}

/** Tunes copies of the model's routers; the model itself stays as it is. */
export async function tuneRouters(
  model: Model,
  data: { readonly train: readonly TokenizedSample[]; readonly dev?: readonly TokenizedSample[] },
  settings: TrainingSettings,
  options: RouterTuningOptions = {},
): Promise<RouterTuningResult> {
  const parameters = routerParameters(model, settings);
  const { dev } = data;
  const outcome = await train(
    {
      samples: data.train.length,
      parameters: parameters.arrays,
      gradients: step =>
        stepGradients(
          model,
          parameters,
          updateBatches(data.train, settings, step),
          settings,
          step,
          options.signal,
        ),
      ...(dev
        ? { devLoss: () => meanLoss(model, dev, { routers: parameters.merged(), signal: options.signal }) }
        : {}),
    },
    settings,
    options,
    options.from,
  );
  let trainableParameters = 0;
  for (const { length } of parameters.arrays.values()) trainableParameters += length;
  return { ...outcome, routers: parameters.merged(), parameters, trainableParameters };
}

function routerParameters(model: Model, settings: TrainingSettings): RouterParameters {
  if (settings.parametrisation === 'full') return fullRouters(model, { bias: settings.train_router_bias });
  const { lora_r: rank, lora_alpha: alpha, lora_dropout: dropout, seed } = settings;
  return loraRouters(model, { rank, alpha, dropout, seed });
}

/** The batches of update `step`: as many as are accumulated. They depend on nothing but samples, settings and step. */
export function updateBatches(
  samples: readonly TokenizedSample[],
  settings: TrainingSettings,
  step: number,
): Batch[] {
  const perEpoch = stepsPerEpoch(samples.length, settings);
  const batches = makeBatches(samples, {
    batchSize: settings.batch_size * settings.grad_accumulation,
    seed: settings.seed,
    epoch: Math.floor(step / perEpoch),
    shuffle: settings.shuffle,
  });
  const update = batches[step % perEpoch];
  return chunks(update.samples, settings.batch_size).map(chosen => packSamples(samples, chosen));
}

/** Gradients of the mean over all answer tokens of the accumulated batches, as if they were one batch. */
async function stepGradients(
  model: Model,
  parameters: RouterParameters,
  batches: readonly Batch[],
  { lora_dropout, seed }: TrainingSettings,
  step: number,
  signal: AbortSignal | undefined,
): Promise<StepResult> {
  const targets = batches.map(answerTargets);
  const lossDivisor = targets.reduce((sum, { rows }) => sum + rows.length, 0);
  // Drawn from seed and step alone, so that an interrupted run goes on as it would have.
  const random = new Random(seed * 1_000_003 + step);
  const sums = new Map<string, Float32Array>();
  let loss = 0;
  for (const [i, batch] of batches.entries()) {
    const { routers, adapter } = parameters;
    const dropout = adapter?.dropout ? dropoutByLayer(model, random, batch, lora_dropout) : undefined;
    const found = await routerGradients(model, batch, targets[i], {
      routers,
      adapter,
      dropout,
      lossDivisor,
      signal,
    });
    loss += found.loss;
    addGradients(sums, found.gradients, parameters.arrays);
  }
  return { loss, gradients: sums, tokens: batches.reduce((sum, { inputIds }) => sum + inputIds.length, 0) };
}

function dropoutByLayer(
  model: Model,
  random: Random,
  batch: Batch,
  probability: number,
): Map<number, HostTensor> {
  const { hiddenSize } = model.architecture;
  return new Map(
    model.moeLayers.map(layer => [
      layer,
      dropoutFactors(random, batch.inputIds.length, hiddenSize, probability),
    ]),
  );
}

/** Adds the gradients of what trains to `sums`. */
function addGradients(sums: Map<string, Float32Array>, gradients: Routers, trained: NamedArrays): void {
  for (const [layer, feeds] of gradients) {
    for (const [feed, { data }] of Object.entries(feeds)) {
      const name = routerArrayName(layer, feed);
      if (!trained.has(name)) continue;
      const values = data as Float32Array;
      const sum = sums.get(name);
      if (sum) for (let i = 0; i < values.length; i++) sum[i] += values[i];
      else sums.set(name, values);
    }
  }
}

/** Mean −log p (nats) of all answer tokens of the samples. */
export async function meanLoss(
  model: Model,
  samples: readonly TokenizedSample[],
  options: PassOptions = {},
): Promise<number> {
  let sum = 0;
  let tokens = 0;
  for (const batch of evaluationBatches(samples, evaluationTokens)) {
    const { rows, targets } = answerTargets(batch);
    const hidden = await model.forwardRows(batch, rows, options);
    const losses = await model.head.negativeLogLikelihoods(hidden, targets);
    for (const loss of losses) sum += loss;
    tokens += losses.length;
  }
  return sum / tokens;
}
