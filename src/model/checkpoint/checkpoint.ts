/** @file A checkpoint folder, checked: its architecture, and where each of its weights lies. */
import path from 'node:path';

import { InputError } from '../../common/errors';
import type { Architecture } from '../architecture';
import { requiredWeights } from '../required-weights';
import { type CheckpointFiles, openCheckpointFiles } from './checkpoint-files';
import { floatTypes, isFloatType } from './float-types';
import { describeArchitecture, type ModelConfig, readModelConfig, supportedFamily } from './model-config';
import { quantisationMethod } from './quantisation';
import { type LocatedTensor, readTensorFloat32 } from './safetensors-file';

/** A weight's place, ready for an ONNX external initialiser. */
export interface CheckpointEntry extends LocatedTensor {
  /** Path relative to {@link Checkpoint.weightsFolder}. */
  readonly location: string;
}

export class Checkpoint {
  private constructor(
    readonly folder: string,
    readonly config: ModelConfig,
    readonly architecture: Architecture,
    readonly files: CheckpointFiles,
    /** Folder that holds all weight files once links are resolved. */
    readonly weightsFolder: string,
  ) {}

  /**
   * Opens a folder and checks that every weight of the architecture is there with the right shape and a type that can
   * be read. Nothing but headers is read.
   * @throws InputError
   */
  static open(folder: string): Checkpoint {
    const config = readModelConfig(folder);
    const family = supportedFamily(folder, config);
    const architecture = describeArchitecture(folder, config, family);
    const files = openCheckpointFiles(folder);
    checkNotQuantised(folder, config, files);
    for (const { name, shape } of requiredWeights(architecture)) checkWeight(folder, files, name, shape);
    return new Checkpoint(folder, config, architecture, files, commonFolder([...files.files.values()]));
  }

  /** Name of the folder: what users call the model. */
  get name(): string {
    return path.basename(path.resolve(this.folder));
  }

  /** Number of elements of all tensors in the files. */
  get parameters(): number {
    let sum = 0;
    for (const { shape } of this.files.tensors.values())
      sum += shape.reduce((product, length) => product * length, 1);
    return sum;
  }

  entry(name: string): CheckpointEntry {
    const tensor = this.files.tensors.get(name);
    if (!tensor) throw new InputError(`${this.folder}: tensor "${name}" is missing.`);
    // ONNX wants forward slashes on every system.
    const location = path.relative(this.weightsFolder, tensor.file).split(path.sep).join('/');
    return { ...tensor, location };
  }

  /** The weight in float32, read into memory. */
  read(name: string): Float32Array {
    return readTensorFloat32(this.entry(name));
  }
}

function checkNotQuantised(folder: string, { raw }: ModelConfig, { tensors }: CheckpointFiles): void {
  const method = quantisationMethod(raw, tensors.keys());
  if (method !== undefined) {
    throw new InputError(
      `${folder}: the weights are quantised (${method}). Give a checkpoint with ${floatTypes.join(', ')} weights.`,
    );
  }
}

function checkWeight(
  folder: string,
  { tensors }: CheckpointFiles,
  name: string,
  shape: readonly number[],
): void {
  const entry = tensors.get(name);
  if (!entry) {
    throw new InputError(
      `${folder}: tensor "${name}" is missing. Download the checkpoint again, all files of it.`,
    );
  }
  if (entry.shape.join() !== shape.join()) {
    throw new InputError(
      `${folder}: tensor "${name}" has shape [${entry.shape.join(', ')}], config.json asks for [${shape.join(', ')}]. The two do not belong together.`,
    );
  }
  if (!isFloatType(entry.dtype)) {
    throw new InputError(
      `${folder}: tensor "${name}" has type ${entry.dtype}; supported are ${floatTypes.join(', ')}. Quantised checkpoints must be converted first.`,
    );
  }
}

function commonFolder(files: readonly string[]): string {
  const folders = files.map(file => path.dirname(file));
  let common = folders[0];
  while (!folders.every(folder => folder === common || folder.startsWith(common + path.sep))) {
    common = path.dirname(common);
  }
  return common;
}
