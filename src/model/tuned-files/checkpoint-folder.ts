/**
 * @file A complete checkpoint folder with tuned weights in it: the same files with the same tensors in them, so that
 * whatever reads the original reads it, too. Tensors are copied piece by piece: a checkpoint may be larger than memory.
 */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { streamFileAtomically, writeFileAtomically } from '../../common/atomic-file';
import { throwIfCancelled } from '../../common/cancellation';
import { readFully } from '../../common/file-access';
import type { HostTensor } from '../../engine/session';
import type { Checkpoint } from '../checkpoint/checkpoint';
import { companionFiles, indexFile, singleFile } from '../checkpoint/checkpoint-files';
import { type FloatType, isFloatType } from '../checkpoint/float-types';
import { readSafetensorsHeader, tensorByteLength } from '../checkpoint/safetensors-header';
import { safetensorsChunks, type StreamedTensor } from '../checkpoint/safetensors-writer';
import { weightsByTensor } from '../weight-names';
import { type Replacement, storedPieces } from './stored-pieces';

/** Tuned weights, read one stored tensor at a time. */
export interface TunedTensors {
  /** Names of the stored tensors that hold some. */
  readonly tensors: readonly string[];
  /** The tuned weights in one of them by canonical name, float32. */
  read(tensor: string): ReadonlyMap<string, HostTensor>;
}

export interface CheckpointFolderOptions {
  /** Type of all weights. Default: each as it is stored. */
  readonly type?: FloatType;
  readonly signal?: AbortSignal;
  /** @param written bytes of weights so far, of `total` */
  readonly onProgress?: (written: number, total: number) => void;
}

const configFile = 'config.json';
const pieceBytes = 1 << 24;

/** What `config.json` calls the types. */
const typeNames: Record<FloatType, string> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' };

/**
 * Writes the checkpoint with tuned weights to an empty folder. `config.json` comes last: without it nothing takes the
 * folder for a checkpoint.
 * @throws InputError, CancelledError
 */
export async function writeTunedCheckpoint(
  folder: string,
  checkpoint: Checkpoint,
  tuned: TunedTensors,
  { type, signal, onProgress }: CheckpointFolderOptions = {},
): Promise<void> {
  const shards = Array.from(checkpoint.files.files, ([name, file]) => ({
    name,
    ...shardChunks(file, checkpoint, tuned, type),
  }));
  const total = shards.reduce((sum, { bytes }) => sum + bytes, 0);
  let written = 0;
  async function* paced(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) {
      await throwIfCancelled(signal);
      yield chunk;
      written += chunk.byteLength;
      onProgress?.(Math.min(written, total), total);
    }
  }
  for (const { name, chunks } of shards) await streamFileAtomically(path.join(folder, name), paced(chunks()));
  if (!checkpoint.files.files.has(singleFile)) writeIndex(folder, checkpoint, total);
  writeCompanions(folder, checkpoint, type);
}

interface ShardChunks {
  /** Of all tensors. */
  readonly bytes: number;
  readonly chunks: () => Iterable<Uint8Array>;
}

/** A weight file with tuned weights in it; one that changes in nothing byte by byte. */
function shardChunks(
  file: string,
  checkpoint: Checkpoint,
  tuned: TunedTensors,
  type: FloatType | undefined,
): ShardChunks {
  const { tensors, metadata } = readSafetensorsHeader(file);
  const changed = new Set(tuned.tensors);
  const held = weightsByTensor(checkpoint.architecture);
  let bytes = 0;
  let isSame = true;
  const streamed = Array.from(tensors.values(), (tensor): StreamedTensor => {
    const { name, shape } = tensor;
    const dtype = type && isFloatType(tensor.dtype) ? type : tensor.dtype;
    bytes += tensorByteLength(dtype, shape);
    isSame &&= dtype === tensor.dtype && !changed.has(name);
    const replacements = (): Replacement[] => {
      if (!changed.has(name)) return [];
      const weights = tuned.read(name);
      return [...(held.get(name) ?? [])].flatMap(([canonical, weight]) => {
        const value = weights.get(canonical);
        return value ? [{ weight, value }] : [];
      });
    };
    return { name, dtype, shape, pieces: () => storedPieces({ ...tensor, file }, dtype, replacements()) };
  });
  return { bytes, chunks: () => (isSame ? fileChunks(file) : safetensorsChunks(streamed, metadata)) };
}

function* fileChunks(file: string): Generator<Uint8Array> {
  const handle = openSync(file, 'r');
  try {
    const { size } = fstatSync(handle);
    for (let offset = 0; offset < size; offset += pieceBytes)
      yield readFully(file, handle, offset, Math.min(pieceBytes, size - offset));
  } finally {
    closeSync(handle);
  }
}

/** @param bytes of all tensors */
function writeIndex(folder: string, checkpoint: Checkpoint, bytes: number): void {
  const text = readFileSync(path.join(checkpoint.folder, indexFile), 'utf8');
  writeFileAtomically(
    path.join(folder, indexFile),
    text.replace(/("total_size"\s*:\s*)\d+/, (_, key: string) => `${key}${bytes}`),
  );
}

function writeCompanions(
  folder: string,
  { folder: original }: Checkpoint,
  type: FloatType | undefined,
): void {
  for (const [name, file] of companionFiles(original))
    if (name !== configFile) writeFileAtomically(path.join(folder, name), readFileSync(file));
  const config = readFileSync(path.join(original, configFile), 'utf8');
  writeFileAtomically(path.join(folder, configFile), type ? withTypeName(config, typeNames[type]) : config);
}

/** Replaced in the text: numbers must stay written as they are, `1.0` is no integer to Python. */
function withTypeName(config: string, name: string): string {
  return config.replace(/("(?:torch_)?dtype"\s*:\s*)"\w+"/g, (_, key: string) => `${key}"${name}"`);
}
