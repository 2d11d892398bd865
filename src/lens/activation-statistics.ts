/** @file The activation statistics of a model over a dataset. */
import { evaluationBatches } from '../data/batches';
import type { TokenizedSample } from '../data/tokenized-sample';
import { mixtureOf } from '../model/architecture';
import type { Model, PassOptions } from '../model/model';
import { rowStarts } from '../model/packed-batch';
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
  const { architecture } = model;
  const statistics = new ActivationStatistics(
    new Map(model.moeLayers.map(layer => [layer, mixtureOf(architecture, layer).experts])),
  );
  let done = 0;
  for (const batch of evaluationBatches(samples, evaluationTokens)) {
    const chosen = await model.routing(batch, options);
    rowStarts(batch).forEach((start, row) => {
      const routing = new Map(
        [...chosen].map(([layer, { indices }]) => {
          const { topK } = mixtureOf(architecture, layer);
          const ofRow = indices.data.slice(start * topK, (start + batch.lengths[row]) * topK);
          return [layer, { indices: Int32Array.from(ofRow, Number) }];
        }),
      );
      statistics.add(routing);
    });
    done += batch.lengths.length;
    onProgress?.(done, samples.length);
  }
  return statistics;
}
