/** @file Weights that a model is fed instead of those of its checkpoint, and low-rank additions to its weights. */
import { InputError } from '../common/errors';
import type { HostTensor } from '../engine/session';
import type { Architecture } from './architecture';
import type { Adapter } from './layers/weights';
import { canonicalShape, lowRankNames, namedWeights } from './weight-names';

export interface TunedWeights {
  /** By canonical name (`weight-names.ts`), float32: weights, and factors of low-rank additions, two of each. */
  readonly tensors: ReadonlyMap<string, HostTensor>;
  /** What the additions have in common; undefined: there are none. */
  readonly adapter?: Adapter;
  /** Arrays that are in memory for each tensor: more than its values while it trains. Default: 1. */
  readonly arrays?: number;
}

/** Nodes of the graphs of a low-rank addition, forward, and in all sessions of training; measured. */
const additionBytes = { forward: 0.1e6, training: 1e6 };

/** Tuned weights, counted. */
export interface TunedSize {
  /** Numbers in all tensors. */
  readonly elements: number;
  /** Low-rank additions. */
  readonly additions: number;
}

/** Bytes of private memory that tuned weights take, their part of sessions included. */
export function tunedBytes({ tensors, arrays, adapter }: TunedWeights): number {
  let elements = 0;
  for (const { data } of tensors.values()) elements += data.length;
  return bytesOfSize({ elements, additions: adapter ? tensors.size / 2 : 0 }, arrays);
}

/** The same, before they are there. */
export function bytesOfSize({ elements, additions }: TunedSize, arrays = 1): number {
  return 4 * elements * arrays + additions * (arrays > 1 ? additionBytes.training : additionBytes.forward);
}

/** @throws InputError if a name or a shape is not one that the model has */
export function checkTunedWeights(architecture: Architecture, { tensors, adapter }: TunedWeights): void {
  const shapes = new Map<string, readonly number[]>();
  for (const [name, weight] of namedWeights(architecture)) {
    const shape = canonicalShape(weight);
    shapes.set(name, shape);
    if (!adapter || shape.length !== 2) continue;
    const [a, b] = lowRankNames(name);
    shapes.set(a, [adapter.rank, shape[1]]).set(b, [shape[0], adapter.rank]);
  }
  for (const [name, { shape }] of tensors) {
    const expected = shapes.get(name);
    if (expected?.join() !== shape.join()) {
      throw new InputError(
        `Weight "${name}" of shape [${shape.join(', ')}]: the model has ${
          expected ? `[${expected.join(', ')}] there` : 'no such weight'
        }. The weights belong to another model.`,
      );
    }
  }
}

/** The tensors of a layer by their names without `layers.{l}.`, for every layer. */
export function tunedByLayer(
  { tensors }: TunedWeights,
  layers: number,
): Readonly<Record<string, HostTensor>>[] {
  const found = Array.from({ length: layers }, (): Record<string, HostTensor> => ({}));
  for (const [name, tensor] of tensors) {
    const { layer, own } = /^layers\.(?<layer>\d+)\.(?<own>.+)$/.exec(name)?.groups ?? {};
    if (own) found[Number(layer)][own] = tensor;
  }
  return found;
}

/** The tensors of some names, where there are any. */
export function tunedNamed({ tensors }: TunedWeights, names: Iterable<string>): Record<string, HostTensor> {
  const found: Record<string, HostTensor> = {};
  for (const name of names) {
    const tensor = tensors.get(name);
    if (tensor) found[name] = tensor;
  }
  return found;
}
