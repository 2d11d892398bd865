/** @file The activation statistics of a model over a dataset. */
import { evaluationBatches } from '../data/batches';
import type { TokenizedSample } from '../data/tokenized-sample';
import type { Model, PassOptions } from '../model/model';
import { rowStarts } from '../model/packed-batch';
import { traceBatch } from '../model/trace';
import { evaluationTokens } from '../train/router-tuning';
import { ActivationStatistics } from './context-dependence';

/** METHOD step 2: at most this many samples. */
export const maximumStatisticsSamples = 2000;

export interface StatisticsOptions extends PassOptions {
  onProgress?: (done: number, total: number) => void;
}

/** Runs prompt and answer of every sample and counts which experts the router chooses. */
export async function activationStatistics(
  model: Model,
  samples: readonly TokenizedSample[],
  { onProgress, ...options }: StatisticsOptions = {},
): Promise<ActivationStatistics> {
  const { layers } = model.architecture;
  const statistics = new ActivationStatistics(
    new Map(model.moeLayers.map(layer => [layer, layers[layer].feedForward.experts])),
  );
  let done = 0;
  for (const batch of evaluationBatches(samples, evaluationTokens)) {
    const { moe } = await traceBatch(model, batch, options);
    rowStarts(batch).forEach((start, row) => {
      const routing = new Map(
        [...moe].map(([layer, { topkIndices }]) => {
          const { topK } = layers[layer].feedForward;
          const indices = topkIndices.subarray(start * topK, (start + batch.lengths[row]) * topK);
          return [layer, { indices }];
        }),
      );
      statistics.add(routing);
    });
    done += batch.lengths.length;
    onProgress?.(done, samples.length);
  }
  return statistics;
}
