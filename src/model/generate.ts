/** @file Greedy decoding. */
import { cacheCapacity, KeyValueCache } from './key-value-cache';
import { samplesTogether } from './memory-estimate';
import type { Model } from './model';
import { batchLengths, packRows } from './packed-batch';
import type { PassOptions } from './pass-options';
import { tunedBytes } from './tuned-weights';

export interface GenerateOptions extends PassOptions {
  readonly maxNewTokens: number;
  /** Ends a row; not part of what is returned. undefined: rows only end at `maxNewTokens`. */
  readonly eosTokenId?: number;
}

/**
 * The most probable continuation of each prompt, token by token, until the end-of-sequence token or a limit:
 * `maxNewTokens` or the model's last position. As many prompts go together as the memory budget has room for.
 */
export async function generateGreedily(
  model: Model,
  prompts: readonly (readonly number[])[],
  options: GenerateOptions,
): Promise<number[][]> {
  const { architecture } = model;
  const { maxNewTokens } = options;
  if (prompts.length === 0 || maxNewTokens === 0) return prompts.map(() => []);
  const batch = batchLengths(packRows(prompts));
  const capacity = cacheCapacity(architecture, batch.length, maxNewTokens);
  const fed = { tunedBytes: tunedBytes(model.tuned) };
  const work = { batch, scored: prompts.length, trains: false, maxNewTokens, ...fed };
  const together = samplesTogether(model, work);
  const continuations: number[][] = [];
  for (let row = 0; row < prompts.length; row += together) {
    const group = prompts.slice(row, row + together);
    const cache = new KeyValueCache(architecture, group.length, capacity);
    continuations.push(...(await continueTogether(model, group, cache, options)));
  }
  return continuations;
}

/** @param options at least one new token; rows that ended drop out of the batch */
async function continueTogether(
  model: Model,
  prompts: readonly (readonly number[])[],
  cache: KeyValueCache,
  { maxNewTokens, eosTokenId, ...options }: GenerateOptions,
): Promise<number[][]> {
  const { maxPositions } = model.architecture;
  const continuations = prompts.map((): number[] => []);
  let open = [...prompts.keys()];
  let batch = packRows(prompts);
  while (open.length > 0) {
    const { data, shape } = await model.head.logits(await model.continue(batch, cache, options));
    const next = open.map((_, i) => indexOfLargest(data as Float32Array, i * shape[1], shape[1]));
    const goesOn = open.map((row, i) => {
      if (next[i] === eosTokenId) return false;
      const { length } = continuations[row];
      continuations[row].push(next[i]);
      return length + 1 < maxNewTokens && prompts[row].length + length < maxPositions;
    });
    const kept = [...open.keys()].filter(i => goesOn[i]);
    cache.keep(kept);
    batch = packRows(kept.map(i => [next[i]]));
    open = kept.map(i => open[i]);
  }
  return continuations;
}

/** Place of the largest of `length` values from `start` on; the first one among equals. */
function indexOfLargest(values: Float32Array, start: number, length: number): number {
  let best = 0;
  for (let i = 1; i < length; i++) if (values[start + i] > values[start + best]) best = i;
  return best;
}
