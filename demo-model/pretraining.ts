/** @file Training of all weights from scratch: matrices of the layers by Muon, everything else by AdamW. */
import { throwIfCancelled } from '../src/common/cancellation';
import type { Model } from '../src/model/model';
import { weightGradients } from '../src/model/weight-gradients';
import { canonicalShape } from '../src/model/weight-names';
import { weightsNamed } from '../src/model/weight-values';
import { AdamW, adamWDefaults, clipGlobalNorm, type NamedArrays } from '../src/train/adamw';
import { Muon } from '../src/train/muon';
import { fullParameters, type TrainableParameters } from '../src/train/parameters';
import { allNames } from '../src/train/trainable-names';
import type { ResumedState, TrainingState } from '../src/train/training-loop';
import type { TrainingBatches } from './training-batches';

export interface PretrainingSettings {
  readonly steps: number;
  /** Peak learning rates. */
  readonly learningRate: { readonly muon: number; readonly adamw: number };
  /** Steps in which the rates rise. */
  readonly warmup: number;
  /** Step from which on they fall to zero. */
  readonly decayFrom: number;
  /** Factor of the load-balancing loss of the routers. */
  readonly loadBalancing: number;
}

export interface StepReport {
  readonly step: number;
  /** Weighted mean of −log p (nats). */
  readonly loss: number;
  readonly loadBalancing: number;
  readonly tokens: number;
  readonly seconds: number;
}

export interface PretrainingHooks {
  readonly from?: ResumedState;
  readonly onStep?: (report: StepReport) => void;
  /** Updates between checkpoints; default: 100. */
  readonly checkpointInterval?: number;
  /** Called at every checkpoint and at the end. What it is given changes with the next step. */
  readonly onCheckpoint?: (state: TrainingState, trained: Model) => Promise<void> | void;
  readonly signal?: AbortSignal;
}

const defaultInterval = 100;
const weightDecay = 0.02;
const adamW = { ...adamWDefaults, beta2: 0.98, epsilon: 1e-9 };

/** @returns the trained weights; the model itself stays as it is */
export async function pretrain(
  model: Model,
  batches: TrainingBatches,
  settings: PretrainingSettings,
  { from, onStep, onCheckpoint, signal, checkpointInterval = defaultInterval }: PretrainingHooks = {},
): Promise<TrainableParameters> {
  const names = allNames(model.architecture);
  const parameters = fullParameters(model.checkpoint, names);
  const trained = model.withWeights(parameters.tuned);
  if (from) for (const [name, values] of parameters.arrays) values.set(known(from.parameters, name));
  const matrices = matricesOfLayers(model, names);
  const others = new Map([...parameters.arrays].filter(([name]) => !matrices.has(name)));
  const optimiser = new AdamW(adamW, from?.optimiser);
  // The momenta of both are kept together: no weight has two.
  const momenta = optimiser.state.firstMoments;
  const muon = new Muon(matrices, model.sessionOptions, { momentum: 0.95, weightDecay }, momenta);
  for (let step = from?.step ?? 0; step < settings.steps; step++) {
    await throwIfCancelled(signal);
    const started = performance.now();
    const { batch, targets } = batches.at(step);
    const { loadBalancing } = settings;
    const found = await weightGradients(trained, batch, targets, { lossDivisor: 1, loadBalancing });
    clipGlobalNorm(found.gradients, 1);
    const factor = rateFactor(step, settings);
    optimiser.step(others, found.gradients, settings.learningRate.adamw * factor);
    await muon.step(parameters.arrays, found.gradients, settings.learningRate.muon * factor);
    onStep?.({
      step,
      loss: found.loss,
      loadBalancing: found.loadBalancingLoss ?? 0,
      tokens: batch.inputIds.length,
      seconds: (performance.now() - started) / 1000,
    });
    const done = step + 1;
    if (done % checkpointInterval !== 0 && done !== settings.steps) continue;
    const state = { step: done, parameters: parameters.arrays, optimiser: optimiser.state };
    await onCheckpoint?.(state, trained);
  }
  await muon.release();
  return parameters;
}

/** Shapes of the matrices of all layers but the routers, whose rows are experts and not directions. */
function matricesOfLayers(model: Model, names: readonly string[]): Map<string, readonly number[]> {
  const shapes = [...weightsNamed(model.checkpoint, names)].map(
    ([name, weight]) => [name, canonicalShape(weight)] as const,
  );
  return new Map(
    shapes.filter(([name, { length }]) => length === 2 && /^layers\.\d+\.(?!router\.)/.test(name)),
  );
}

/** Linear warm-up, then constant, then linearly to zero. */
export function rateFactor(
  step: number,
  { steps, warmup, decayFrom }: Pick<PretrainingSettings, 'steps' | 'warmup' | 'decayFrom'>,
): number {
  return Math.min(1, (step + 1) / warmup, (steps - step) / (steps - decayFrom));
}

function known(arrays: Pick<NamedArrays, 'get'>, name: string): Float32Array {
  const values = arrays.get(name);
  if (!values) throw new Error(`The saved training state has no "${name}".`);
  return values;
}
