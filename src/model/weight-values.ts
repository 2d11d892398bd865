/** @file Values of weights as [out, in] matrices, however they are stored. */
import { InputError } from '../common/errors';
import type { HostTensor } from '../engine/session';
import type { WeightReference } from './architecture';
import type { Checkpoint } from './checkpoint/checkpoint';
import { type LocatedTensor, readTensorFloat32 } from './checkpoint/safetensors-file';
import { storedBlock } from './stored-block';
import { canonicalShape, namedWeights } from './weight-names';

/** A weight of the checkpoint in float32, read into memory. */
export function readWeight(checkpoint: Checkpoint, weight: WeightReference): HostTensor {
  return readWeightFrom(checkpoint.entry(weight.name), weight);
}

/** A weight in float32, read from a tensor that is laid out as that of the checkpoint. */
export function readWeightFrom(tensor: LocatedTensor, weight: WeightReference): HostTensor {
  const block = readTensorFloat32(storedBlock(tensor, weight));
  const shape = canonicalShape(weight);
  const place = placeInBlock(weight);
  if (!place) return { data: block, shape };
  const data = new Float32Array(shape.reduce((product, length) => product * length, 1));
  for (let i = 0; i < data.length; i++) data[i] = block[place(i)];
  return { data, shape };
}

/** Weights of the checkpoint by canonical name. @throws InputError if it has no such weight */
export function readWeights(checkpoint: Checkpoint, names: Iterable<string>): Map<string, HostTensor> {
  const weights = [...weightsNamed(checkpoint, names)];
  return new Map(weights.map(([name, weight]) => [name, readWeight(checkpoint, weight)]));
}

/** Where weights of the checkpoint are stored, by canonical name. @throws InputError if it has no such weight */
export function weightsNamed(checkpoint: Checkpoint, names: Iterable<string>): Map<string, WeightReference> {
  const weights = namedWeights(checkpoint.architecture);
  return new Map(
    Array.from(names, name => {
      const weight = weights.get(name);
      if (!weight) throw new InputError(`${checkpoint.folder}: the model has no weight "${name}".`);
      return [name, weight];
    }),
  );
}

/** Where element i of a weight stands in the block that it is stored in; undefined: at i. */
export function placeInBlock({
  shape,
  transposed,
  part,
}: WeightReference): ((i: number) => number) | undefined {
  const { first, step } = part?.interleaved ?? { first: 0, step: 1 };
  if (!transposed) return step === 1 ? undefined : i => i * step + first;
  const [inputs, outputs] = shape;
  return i => ((i % inputs) * outputs + Math.floor(i / inputs)) * step + first;
}
