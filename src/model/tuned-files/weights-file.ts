/**
 * @file Tuned weights in one safetensors file, under the names of the checkpoint's tensors. Tensors are whole: one that
 * holds all experts of a layer holds those that were not tuned, too, as they are in the checkpoint.
 */
import { writeFileAtomically } from '../../common/atomic-file';
import { InputError } from '../../common/errors';
import type { HostTensor } from '../../engine/session';
import type { WeightReference } from '../architecture';
import type { Checkpoint } from '../checkpoint/checkpoint';
import { type FloatType, floatTypes, fromFloat32, isFloatType, toFloat32 } from '../checkpoint/float-types';
import { type LocatedTensor, SafetensorsFile } from '../checkpoint/safetensors-file';
import { safetensorsChunks, type StreamedTensor } from '../checkpoint/safetensors-writer';
import { checkTunedWeights } from '../tuned-weights';
import { weightsByTensor } from '../weight-names';
import { readWeight, readWeightFrom } from '../weight-values';
import { storedPieces } from './stored-pieces';

/** What the checkpoints of the hub say of the framework that they come from. */
export const metadata = { format: 'pt' };

/**
 * Writes weights that were tuned from those of the checkpoint. Values are rounded to the nearest, ties to even.
 * @param weights by canonical name, float32
 * @throws InputError if a weight is not one of the checkpoint's
 */
export function writeTunedWeights(
  file: string,
  checkpoint: Checkpoint,
  weights: ReadonlyMap<string, HostTensor>,
  dtype: 'F32' | 'BF16',
): void {
  checkTunedWeights(checkpoint.architecture, { tensors: weights });
  const tensors = [...weightsByTensor(checkpoint.architecture)].flatMap(([name, held]): StreamedTensor[] => {
    const replacements = [...held].flatMap(([canonical, weight]) => {
      const value = weights.get(canonical);
      return value ? [{ weight, value }] : [];
    });
    if (replacements.length === 0) return [];
    const entry = checkpoint.entry(name);
    const { shape } = entry;
    return [{ name, dtype, shape, pieces: () => storedPieces(entry, dtype, replacements) }];
  });
  writeFileAtomically(file, safetensorsChunks(tensors, metadata));
}

/** Weights that {@link writeTunedWeights} wrote, in float32; all of {@link TunedWeightsFile.read} together. */
export function readTunedWeights(file: string, checkpoint: Checkpoint): Map<string, HostTensor> {
  const stored = TunedWeightsFile.open(file, checkpoint);
  return new Map(stored.tensors.flatMap(tensor => [...stored.read(tensor)]));
}

/** A file of tuned weights whose header has been checked. */
export class TunedWeightsFile {
  private constructor(
    private readonly stored: ReadonlyMap<string, LocatedTensor & { dtype: FloatType }>,
    private readonly held: ReadonlyMap<string, ReadonlyMap<string, WeightReference>>,
    private readonly checkpoint: Checkpoint,
  ) {}

  /** @throws InputError if the file is none, or the checkpoint has other tensors */
  static open(file: string, checkpoint: Checkpoint): TunedWeightsFile {
    const held = weightsByTensor(checkpoint.architecture);
    const tensors = Array.from(SafetensorsFile.open(file).tensors.values(), ({ dtype, ...tensor }) => {
      const expected = held.has(tensor.name) ? checkpoint.entry(tensor.name).shape : undefined;
      if (expected?.join() !== tensor.shape.join()) {
        throw new InputError(
          `${file}: tensor "${tensor.name}" of shape [${tensor.shape.join(', ')}]: the model has ${
            expected ? `[${expected.join(', ')}] there` : 'no such tensor'
          }. The file belongs to another model.`,
        );
      }
      if (!isFloatType(dtype)) {
        throw new InputError(
          `${file}: tensor "${tensor.name}" has type ${dtype}; supported are ${floatTypes.join(', ')}.`,
        );
      }
      return [tensor.name, { ...tensor, dtype, file }] as const;
    });
    return new TunedWeightsFile(new Map(tensors), held, checkpoint);
  }

  /** Names of the stored tensors. */
  get tensors(): string[] {
    return [...this.stored.keys()];
  }

  /**
   * The weights of a tensor by canonical name. Where it holds several (all experts of a layer), only those that differ
   * from the checkpoint's: the others were not tuned.
   */
  read(tensor: string): Map<string, HostTensor> {
    const [stored, held] = [this.stored.get(tensor), this.held.get(tensor)];
    if (!stored || !held) throw new Error(`no tensor "${tensor}"`);
    const found = new Map<string, HostTensor>();
    for (const [name, weight] of held) {
      const value = readWeightFrom(stored, weight);
      if (held.size === 1 || !isSame(value, readWeight(this.checkpoint, weight), stored.dtype))
        found.set(name, value);
    }
    return found;
  }
}

/** Whether `stored` is what `original` becomes in a type. */
function isSame(stored: HostTensor, original: HostTensor, type: FloatType): boolean {
  const rounded = toFloat32(type, new Uint8Array(fromFloat32(type, original.data as Float32Array)));
  return rounded.every((value, i) => Object.is(value, stored.data[i]));
}
