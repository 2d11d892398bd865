/** @file Attention from the last prompt token to the context and to the answer in it (METHOD, attention gain). */
import type { TokenizedSample } from '../../data/tokenized-sample';
import { attentionFrom } from '../../model/trace';
import type { AnalysisResultOf, SpanAttention } from '../../protocol/analysis-results';
import type { Variant } from '../variant';
import { gainEstimates, meanEstimates, type Observations, relativeGain } from './bootstrap';
import type { PassHooks } from './pass-hooks';
import { promptBatches } from './prompt-batches';

type Span = readonly [number, number];

/** Attention of one sample, by layer: mean over heads, sum over the span's tokens. */
export interface PromptAttention {
  /** Absent if the sample does not say where its context is. */
  readonly context?: readonly number[];
  /** Absent if the answer is not in the context. */
  readonly answer?: readonly number[];
}

/**
 * Attention of every sample, in their order. Each layer's attention is summed up as soon as it is there: what is held
 * is the attention of one layer and one batch.
 */
export async function promptAttention(
  { model, pass }: Variant,
  samples: readonly TokenizedSample[],
  { signal, onProgress }: PassHooks = {},
): Promise<PromptAttention[]> {
  const found = samples.map(({ spans }) => ({
    ...(spans.context && { context: [] as number[] }),
    ...(spans.answerInContext && { answer: [] as number[] }),
  }));
  let done = 0;
  for (const batch of promptBatches(samples)) {
    await model.forward(batch, {
      ...pass,
      signal,
      attention: true,
      onLayer: (_, { attention }) => {
        if (!attention) throw new Error('a layer gave no attention');
        batch.samples.forEach((sample, row) => {
          const received = attentionFrom(attention, batch, row, batch.lengths[row] - 1);
          const { context, answerInContext } = samples[sample].spans;
          if (context) found[sample].context?.push(sumOver(received, context));
          if (answerInContext) found[sample].answer?.push(sumOver(received, answerInContext));
        });
      },
    });
    done += batch.samples.length;
    onProgress?.(done, samples.length);
  }
  return found;
}

/** Sum of the values of a span. */
export function sumOver(values: Float32Array, [start, end]: Span): number {
  return values.subarray(start, end).reduce((sum, value) => sum + value, 0);
}

/** Means, gain of the means, and mean of the gains over the samples that have such a span; absent if none has. */
export function spanAttention(
  base: readonly PromptAttention[],
  tuned: readonly PromptAttention[],
  span: keyof PromptAttention,
  seed: number,
): SpanAttention | undefined {
  const rows = (side: readonly PromptAttention[]): Observations =>
    side.flatMap(sample => (sample[span] ? [sample[span]] : []));
  const [before, after] = [rows(base), rows(tuned)];
  if (before.length === 0) return undefined;
  const gains = before.map((row, i) => row.map((value, layer) => relativeGain(value, after[i][layer])));
  return {
    base: meanEstimates(before, seed),
    tuned: meanEstimates(after, seed),
    gain: gainEstimates(before, after, seed),
    mean_of_gains: meanEstimates(gains, seed),
  };
}

/** Context and answer attention gain (CAG and AAG) by layer. */
export function attentionGain(
  base: readonly PromptAttention[],
  tuned: readonly PromptAttention[],
  seed: number,
): Pick<AnalysisResultOf<'attention'>, 'context' | 'answer'> {
  const context = spanAttention(base, tuned, 'context', seed);
  const answer = spanAttention(base, tuned, 'answer', seed);
  return { ...(context && { context }), ...(answer && { answer }) };
}
