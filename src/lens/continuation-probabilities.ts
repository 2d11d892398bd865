/** @file How probable some continuations of a prompt are. */
import type { Model } from '../model/model';
import { packRows, rowStarts } from '../model/packed-batch';
import type { PassOptions } from '../model/pass-options';
import { rowsOf } from './analyses/logit-lens';

/** The joint probability of the tokens of each continuation of one prompt. */
export async function continuationProbabilities(
  model: Model,
  prompt: readonly number[],
  continuations: readonly (readonly number[])[],
  options: PassOptions,
): Promise<number[]> {
  const batch = packRows(continuations.map(ids => [...prompt, ...ids.slice(0, -1)]));
  // With attention, which nobody asks for here: so the sessions of traces serve, and a model has no more of them.
  const hidden = await model.forward(batch, { ...options, attention: true });
  const starts = rowStarts(batch);
  const predicting = continuations.flatMap((ids, row) =>
    ids.map((_, i) => starts[row] + prompt.length - 1 + i),
  );
  const losses = await model.head.negativeLogLikelihoods(rowsOf(hidden, predicting), continuations.flat());
  let next = 0;
  return continuations.map(ids => {
    const loss = losses.subarray(next, (next += ids.length)).reduce((sum, value) => sum + value, 0);
    return Math.min(1, Math.exp(-loss));
  });
}
