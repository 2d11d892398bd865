/** @file What trains: weights themselves, or low-rank additions to them (LoRA). */
import { Random } from '../common/random';
import type { HostTensor } from '../engine/session';
import type { Checkpoint } from '../model/checkpoint/checkpoint';
import { isRouterFeed } from '../model/layers/router';
import { addLowRank } from '../model/low-rank';
import type { TunedWeights } from '../model/tuned-weights';
import { canonicalShape, lowRankNames } from '../model/weight-names';
import { readWeights, weightsNamed } from '../model/weight-values';
import type { TrainingSettings } from '../protocol/jobs';
import type { NamedArrays } from './adamw';

export interface TrainableParameters {
  /** Trainable arrays by canonical name, `layers.{l}.experts.{e}.up` or `….lora_A`, `….lora_B`. Changed in place. */
  readonly arrays: NamedArrays;
  /** What the model is fed while training: the same arrays. */
  readonly tuned: TunedWeights;
  /** What evaluation feeds: nothing is dropped, and routers are whole, because other routers need no other graph. */
  evaluated(): TunedWeights;
  /** The weights by canonical name, low-rank additions merged: what is saved. */
  merged(): ReadonlyMap<string, HostTensor>;
}

/** Arrays in memory for each that trains: its values, gradients, both moments of the optimiser, the best values so far. */
export function arraysInTraining({ grad_accumulation }: Pick<TrainingSettings, 'grad_accumulation'>): number {
  const gradients = grad_accumulation > 1 ? 2 : 1;
  return 1 + gradients + 2 + 1;
}

/**
 * Copies of weights of the checkpoint.
 * @param arrays see {@link arraysInTraining}
 * @throws InputError if it has no such weight
 */
export function fullParameters(
  checkpoint: Checkpoint,
  names: readonly string[],
  arrays?: number,
): TrainableParameters {
  const tensors = readWeights(checkpoint, names);
  const tuned = { tensors, ...(arrays ? { arrays } : {}) };
  return { arrays: arraysOf(tensors), tuned, evaluated: () => tuned, merged: () => tensors };
}

export interface LoraSettings {
  readonly rank: number;
  readonly alpha: number;
  /** Probability with which an element of the input of A is dropped. */
  readonly dropout: number;
  readonly seed: number;
  /** See {@link arraysInTraining}. */
  readonly arrays?: number;
}

/**
 * LoRA (Hu et al. 2021) on weight matrices: W + (alpha / rank) · B · A with A uniform in ±1/√in (PEFT's initial
 * values), B zero.
 * @throws InputError if the checkpoint has no such weight
 */
export function loraParameters(
  checkpoint: Checkpoint,
  names: readonly string[],
  { rank, alpha, dropout, seed, arrays }: LoraSettings,
): TrainableParameters {
  const random = new Random(seed);
  const scale = alpha / rank;
  const kept = arrays ? { arrays } : {};
  const tensors = new Map<string, HostTensor>();
  for (const [name, weight] of weightsNamed(checkpoint, names)) {
    const [outputs, inputs] = canonicalShape(weight);
    const bound = 1 / Math.sqrt(inputs);
    const initial = Float32Array.from({ length: rank * inputs }, () => (2 * random.uniform() - 1) * bound);
    const [a, b] = lowRankNames(name);
    tensors.set(a, { data: initial, shape: [rank, inputs] });
    tensors.set(b, { data: new Float32Array(outputs * rank), shape: [outputs, rank] });
  }
  const merged = (chosen: readonly string[]): Map<string, HostTensor> => {
    const weights = readWeights(checkpoint, chosen);
    for (const [name, weight] of weights) {
      const [a, b] = lowRankNames(name).map(factor => known(tensors, factor));
      addLowRank(weight, a, b, scale);
    }
    return weights;
  };
  const [routers, others] = [names.filter(isRouter), names.filter(name => !isRouter(name))];
  const factors = others.flatMap(lowRankNames).map(name => [name, known(tensors, name)] as const);
  return {
    arrays: arraysOf(tensors),
    tuned: { tensors, adapter: { rank, scale, dropout }, ...kept },
    evaluated: () => ({
      tensors: new Map([...factors, ...merged(routers)]),
      adapter: { rank, scale, dropout: 0 },
      ...kept,
    }),
    merged: () => merged(names),
  };
}

function isRouter(name: string): boolean {
  return isRouterFeed(name.replace(/^layers\.\d+\./, ''));
}

function arraysOf(tensors: ReadonlyMap<string, HostTensor>): NamedArrays {
  return new Map([...tensors].map(([name, { data }]) => [name, data as Float32Array]));
}

function known(tensors: ReadonlyMap<string, HostTensor>, name: string): HostTensor {
  const tensor = tensors.get(name);
  if (!tensor) throw new Error(`no parameter "${name}"`);
  return tensor;
}
