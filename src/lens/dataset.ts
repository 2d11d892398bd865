/** @file The samples of a job: read, tokenised, chosen, cut to what fits. */
import path from 'node:path';

import { InputError } from '../common/errors';
import { Random } from '../common/random';
import { isTokenSample, type SampleOptions, type TextSample } from '../data/sample';
import { readSamples } from '../data/samples';
import { type SampleTokenizer, type TokenizedSample, tokenizeSample } from '../data/tokenized-sample';
import type { Checkpoint } from '../model/checkpoint/checkpoint';
import { Tokenizer } from '../model/tokenizer/tokenizer';
import type { DatasetIdentity } from '../protocol/artifacts';

export interface LoadedSample extends TokenizedSample {
  /** Number of the sample in its file, from 0. */
  readonly index: number;
  /** The sample as text; absent in samples that came as tokens. */
  readonly source?: TextSample;
}

export interface Dataset {
  readonly identity: DatasetIdentity;
  readonly samples: readonly LoadedSample[];
}

/** A checkpoint's tokenizer, loaded when the first text needs it: tokenised samples do without. */
export class LazyTokenizer {
  private loaded: (Tokenizer & SampleTokenizer) | undefined;

  constructor(readonly checkpoint: Checkpoint) {}

  get(): Tokenizer & SampleTokenizer {
    this.loaded ??= withEndOfSequence(Tokenizer.load(this.checkpoint.folder), this.checkpoint.folder);
    return this.loaded;
  }
}

function withEndOfSequence(tokenizer: Tokenizer, folder: string): Tokenizer & SampleTokenizer {
  if (tokenizer.eosTokenId === undefined) {
    throw new InputError(
      `${folder}: the tokenizer names no end-of-sequence token. Set "eos_token" in tokenizer_config.json.`,
    );
  }
  return tokenizer;
}

/** @throws InputError if the model has no such token */
export function checkTokenIds(inputIds: readonly number[], vocabularySize: number, where: string): void {
  const outside = inputIds.find(id => id >= vocabularySize);
  if (outside === undefined) return;
  throw new InputError(
    `${where}: token id ${outside} is outside of the model's vocabulary of ${vocabularySize}. Tokenise with the checkpoint's own tokenizer.`,
  );
}

export interface DatasetOptions extends SampleOptions {
  readonly limit?: number;
  readonly maxLength: number;
  readonly seed: number;
}

/**
 * Reads a dataset file, draws at most `limit` samples of it (seeded; all in file order without a limit), and drops
 * those longer than `maxLength` tokens or the model's positions.
 * @throws InputError if the file is not a dataset, or nothing is left
 */
export function loadDataset(
  split: string,
  file: string,
  tokenizer: LazyTokenizer,
  { limit, maxLength, seed, ...options }: DatasetOptions,
): Dataset {
  const { samples: all, bytes, sha256 } = readSamples(file, options);
  const indices = Array.from(all, (_, i) => i);
  const chosen =
    limit === undefined || limit >= all.length ? indices : new Random(seed).shuffled(indices).slice(0, limit);
  const { vocabularySize, maxPositions } = tokenizer.checkpoint.architecture;
  const samples = chosen
    .sort((a, b) => a - b)
    .map((i): LoadedSample => {
      const sample = all[i];
      const tokenized = isTokenSample(sample)
        ? sample
        : { ...tokenizeSample(tokenizer.get(), sample), source: sample };
      checkTokenIds(tokenized.inputIds, vocabularySize, `${file}, sample ${i} (counted from 0)`);
      return { ...tokenized, index: i };
    });
  const longest = Math.min(maxLength, maxPositions);
  const fitting = samples.filter(({ inputIds }) => inputIds.length <= longest);
  if (fitting.length === 0) {
    throw new InputError(
      `${file}: all ${samples.length} samples are longer than ${longest} tokens. ${
        maxLength < maxPositions
          ? 'Raise the limit (max-seq-length).'
          : 'The model has no more positions: shorten the contexts.'
      }`,
    );
  }
  return {
    identity: {
      split,
      path: path.resolve(file),
      bytes,
      sha256,
      samples: all.length,
      used: fitting.length,
      dropped: samples.length - fitting.length,
    },
    samples: fitting,
  };
}
