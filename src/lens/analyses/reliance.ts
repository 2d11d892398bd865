/** @file Context reliance: how much more probable the context makes each token of the answer. */
import { InputError } from '../../common/errors';
import { evaluationBatches } from '../../data/batches';
import { type TokenizedSample, tokenizeSample } from '../../data/tokenized-sample';
import type { Estimate } from '../../protocol/evaluation';
import { answerTargets } from '../../train/answer-targets';
import { evaluationTokens } from '../../train/fine-tuning';
import type { LazyTokenizer, LoadedSample } from '../dataset';
import type { Variant } from '../variant';
import { meanEstimate, meanEstimates } from './bootstrap';
import type { PassHooks } from './pass-hooks';

/**
 * Log-probability (nats) of each answer token after the prompt and the answer tokens before it, for every sample in
 * their order. The end-of-sequence token, which ends the answer's span, is left out.
 * @returns [sample][answer token]
 */
export async function answerLogProbabilities(
  { model, pass }: Variant,
  samples: readonly TokenizedSample[],
  { signal, onProgress }: PassHooks = {},
): Promise<number[][]> {
  const found = samples.map((): number[] => []);
  let done = 0;
  for (const batch of evaluationBatches(samples, evaluationTokens)) {
    const { rows, targets } = answerTargets(batch);
    const hidden = await model.forwardRows(batch, rows, { ...pass, signal });
    const losses = await model.head.negativeLogLikelihoods(hidden, targets);
    let next = 0;
    batch.answerSpans.forEach(([start, end], row) => {
      const values = losses.subarray(next, (next += end - start));
      found[batch.samples[row]] = Array.from(values.subarray(0, -1), loss => -loss);
    });
    done += batch.samples.length;
    onProgress?.(done, samples.length);
  }
  return found;
}

/**
 * The same question and answer without the context: a text in the prompt for closed-book questions, tokens without
 * those of the context.
 * @throws InputError if there is no context to leave out
 */
export function withoutContext(sample: LoadedSample, tokenizer: LazyTokenizer, file: string): LoadedSample {
  const { inputIds, spans, index, source } = sample;
  if (source && source.context.trim() !== '') {
    const closedBook = { ...source, context: '' };
    return { ...tokenizeSample(tokenizer.get(), closedBook), index, source: closedBook };
  }
  if (source || !spans.context) {
    throw new InputError(`${file}, sample ${index} (counted from 0): has no context to compare with.`);
  }
  const [start, end] = spans.context;
  const [first, last] = spans.answer;
  return {
    index,
    inputIds: [...inputIds.slice(0, start), ...inputIds.slice(end)],
    spans: { answer: [first - (end - start), last - (end - start)] },
  };
}

/** Log-probability with the context minus without it. @returns [sample][answer token], nats */
export function reliance(
  withContext: readonly (readonly number[])[],
  without: readonly (readonly number[])[],
): number[][] {
  return withContext.map((row, i) => row.map((value, token) => value - without[i][token]));
}

/** Positions in the answer beyond this are not summed up: few answers are that long. */
const longestAnswer = 16;

/** Means over samples: of each sample's mean over its tokens, and by position in the answer. */
export function summariseReliance(
  rows: readonly (readonly number[])[],
  seed: number,
): { mean: Estimate; by_position: Estimate[] } {
  const positions = Math.min(longestAnswer, Math.max(...rows.map(row => row.length)));
  const padded = rows.map(row => Array.from({ length: positions }, (_, i) => row[i] ?? NaN));
  const means = rows.map(row => row.reduce((sum, value) => sum + value, 0) / row.length);
  return { mean: meanEstimate(means, seed), by_position: meanEstimates(padded, seed) };
}
