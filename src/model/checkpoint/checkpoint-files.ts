/** @file The weight files of a checkpoint folder. Nothing in the folder can point the reader at a file elsewhere. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';

import { InputError } from '../../common/errors';
import { withInputErrors } from '../../common/file-access';
import type { LocatedTensor } from './safetensors-file';
import { readSafetensorsHeader } from './safetensors-header';
import { parseStrictJson } from './strict-json';

export const singleFile = 'model.safetensors';
export const indexFile = 'model.safetensors.index.json';

/** Formats that hold weights too, but not as plain data: they are never opened. */
const otherWeights = /\.(bin|pt|pth|ckpt|pkl|h5|msgpack|gguf)$/i;

const maximumIndexBytes = 100_000_000;

export interface CheckpointFiles {
  tensors: Map<string, LocatedTensor>;
  /** Weight files: name in the folder → real path. */
  files: Map<string, string>;
  /** Bytes of all weight files. */
  bytes: number;
  /** SHA-256 of the index, or of the header of the single weight file. */
  weightsSha256: string;
}

/**
 * Finds the weights of a checkpoint in Hugging Face's layout and checks their headers.
 * Throws {@link InputError} if the folder holds none, or anything about them is wrong.
 */
export function openCheckpointFiles(folder: string): CheckpointFiles {
  const realFolder = withInputErrors(folder, () => realpathSync(folder));
  const names = withInputErrors(folder, () => readdirSync(realFolder));
  if (names.includes(singleFile)) return openSingleFile(realFolder);
  if (names.includes(indexFile)) return openShards(realFolder);
  const other = names.find(name => otherWeights.test(name));
  throw new InputError(
    other === undefined
      ? `${folder} holds neither ${singleFile} nor ${indexFile}. Give the folder of a Hugging Face checkpoint.`
      : `${folder} holds its weights as ${JSON.stringify(other)}, not as safetensors. Convert them to safetensors; other formats are not opened because they may run code or need another program.`,
  );
}

/** Configuration, tokenizer, code and licence; other indices belong to weights that are not copied. */
const companions =
  /^(?!.*\.index\.json$)(.+\.(json|txt|model|jinja|py|tiktoken|vocab)|(licen[cs]e|notice).*)$/i;

/** What belongs to a checkpoint beside its weights: name in the folder → real path. @throws InputError */
export function companionFiles(folder: string): Map<string, string> {
  const realFolder = withInputErrors(folder, () => realpathSync(folder));
  const entries = readdirSync(realFolder, { withFileTypes: true });
  const names = entries.filter(entry => !entry.isDirectory() && companions.test(entry.name));
  return new Map(names.map(({ name }) => [name, resolveInside(realFolder, name, folder)]));
}

function openSingleFile(folder: string): CheckpointFiles {
  const file = resolveInside(folder, singleFile, folder);
  const { tensors, headerSha256, fileBytes } = readSafetensorsHeader(file);
  const located = Array.from(tensors, ([name, entry]) => [name, { ...entry, file }] as const);
  const files = new Map([[singleFile, file]]);
  return { tensors: new Map(located), files, bytes: fileBytes, weightsSha256: headerSha256 };
}

function openShards(folder: string): CheckpointFiles {
  const { weightMap, sha256, index } = readIndex(folder);
  const shardNames = [...new Set(weightMap.values())].sort();
  const shards = new Map(
    shardNames.map(name => {
      const file = resolveInside(folder, name, index);
      return [name, { file, ...readSafetensorsHeader(file) }];
    }),
  );
  const tensors = new Map<string, LocatedTensor>();
  for (const [name, shardName] of weightMap) {
    const shard = shards.get(shardName);
    const entry = shard?.tensors.get(name);
    if (!shard || !entry) {
      throw new InputError(
        `${index}: tensor ${JSON.stringify(name)} is not in ${shardName}, where the index puts it. Download both files again.`,
      );
    }
    tensors.set(name, { ...entry, file: shard.file });
  }
  let bytes = 0;
  for (const { fileBytes } of shards.values()) bytes += fileBytes;
  const files = new Map(Array.from(shards, ([name, { file }]) => [name, file]));
  return { tensors, files, bytes, weightsSha256: sha256 };
}

/** A map with any key, `__proto__` included; valibot's records leave such keys out. */
const WeightMapSchema = v.pipe(
  v.custom<Record<string, unknown>>(
    value => typeof value === 'object' && value !== null && !Array.isArray(value),
  ),
  v.transform(value => Object.entries(value)),
  v.array(v.tuple([v.string(), v.string()])),
  v.minLength(1),
);
const IndexSchema = v.object({ weight_map: WeightMapSchema });

/** Tensor name → name of its file, which is a plain file name. */
function readIndex(folder: string): { weightMap: Map<string, string>; sha256: string; index: string } {
  const index = resolveInside(folder, indexFile, folder);
  return withInputErrors(index, () => {
    if (statSync(index).size > maximumIndexBytes)
      throw new InputError(`${index} is larger than ${maximumIndexBytes} bytes.`);
    const bytes = readFileSync(index);
    const parsed = v.safeParse(IndexSchema, parseStrictJson(bytes.toString('utf8'), index));
    if (!parsed.success) {
      throw new InputError(
        `${index}: weight_map is not a map from tensor names to file names. Download the file again.`,
      );
    }
    const weightMap = new Map(parsed.output.weight_map);
    for (const [tensor, name] of weightMap) {
      if (!isPlainWeightFileName(name)) {
        throw new InputError(
          `${index}: tensor ${JSON.stringify(tensor)} points to ${JSON.stringify(name)}, which is not the plain name of a .safetensors file. Download the checkpoint from a source that you trust.`,
        );
      }
    }
    return { weightMap, sha256: createHash('sha256').update(bytes).digest('hex'), index };
  });
}

/** No separators of any system, no drive letters or streams (`:`), no control characters. */
function isPlainWeightFileName(name: string): boolean {
  return /^[^/\\:\p{Cc}]+\.safetensors$/u.test(name);
}

/** The real path of a file of the checkpoint; links must end in the checkpoint's own folder or its cache entry. */
function resolveInside(folder: string, name: string, namedBy: string): string {
  const file = path.join(folder, name);
  const real = withMissingFile(file, namedBy, () => realpathSync(file));
  if (!isInside(real, cacheEntry(folder) ?? folder)) {
    throw new InputError(
      `${file} is a link to ${real}, outside the checkpoint. Copy the file into the folder.`,
    );
  }
  if (!statSync(real).isFile()) throw new InputError(`${file} is not a regular file. Download it again.`);
  return real;
}

function withMissingFile<T>(file: string, namedBy: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new InputError(`${file}, which ${namedBy} names, does not exist. Download it again.`);
    }
    return withInputErrors(file, () => {
      throw error;
    });
  }
}

/**
 * The folder `models--org--name` if `folder` lies in the Hugging Face cache: files of
 * `models--org--name/snapshots/<revision>` are links into `models--org--name/blobs`.
 */
function cacheEntry(folder: string): string | undefined {
  const parts = folder.split(path.sep);
  const at = parts.findLastIndex((part, i) => part.startsWith('models--') && parts[i + 1] === 'snapshots');
  return at >= 0 && parts.length > at + 2 ? parts.slice(0, at + 1).join(path.sep) : undefined;
}

function isInside(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== '' && relative.split(path.sep)[0] !== '..' && !path.isAbsolute(relative);
}
