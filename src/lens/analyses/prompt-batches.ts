/** @file Prompts of samples, without their answers, in batches: nothing after the last prompt token can change it. */
import { type Batch, evaluationBatches } from '../../data/batches';
import type { TokenizedSample } from '../../data/tokenized-sample';
import { rowStarts } from '../../model/packed-batch';
import { evaluationTokens } from '../../train/fine-tuning';

export interface PromptBatch extends Batch {
  /** Packed position of the last token of each row. */
  readonly lastTokens: readonly number[];
}

/** The samples of each row are `samples[row]`, positions in the list that is given. */
export function promptBatches(samples: readonly TokenizedSample[]): PromptBatch[] {
  const prompts = samples.map(sample => ({
    ...sample,
    inputIds: sample.inputIds.slice(0, sample.spans.answer[0]),
  }));
  return evaluationBatches(prompts, evaluationTokens).map(batch => ({
    ...batch,
    lastTokens: rowStarts(batch).map((start, row) => start + batch.lengths[row] - 1),
  }));
}
