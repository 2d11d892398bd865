/** @file Greedy decoding. */
import type { Model, PassOptions } from './model';
import { packRows, rowStarts } from './packed-batch';

export interface GenerateOptions extends PassOptions {
  readonly maxNewTokens: number;
  /** Ends a row; not part of what is returned. undefined: rows only end at `maxNewTokens`. */
  readonly eosTokenId?: number;
}

/** The most probable continuation of each prompt, token by token; rows that ended drop out of the batch. */
export async function generateGreedily(
  model: Model,
  prompts: readonly (readonly number[])[],
  { maxNewTokens, eosTokenId, ...options }: GenerateOptions,
): Promise<number[][]> {
  const continuations = prompts.map((): number[] => []);
  let open = prompts.map((_, row) => row);
  for (let n = 0; n < maxNewTokens && open.length > 0; n++) {
    const batch = packRows(open.map(row => [...prompts[row], ...continuations[row]]));
    const last = rowStarts(batch).map((start, i) => start + batch.lengths[i] - 1);
    const { data, shape } = await model.head.logits(await model.forwardRows(batch, last, options));
    const next = open.map((_, i) => indexOfLargest(data as Float32Array, i * shape[1], shape[1]));
    open.forEach((row, i) => {
      if (next[i] !== eosTokenId) continuations[row].push(next[i]);
    });
    open = open.filter((_, i) => next[i] !== eosTokenId);
  }
  return continuations;
}

/** Place of the largest of `length` values from `start` on; the first one among equals. */
function indexOfLargest(values: Float32Array, start: number, length: number): number {
  let best = 0;
  for (let i = 1; i < length; i++) if (values[start + i] > values[start + best]) best = i;
  return best;
}
