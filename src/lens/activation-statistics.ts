/** @file The activation statistics of a model over a dataset. */
import { type Batch, evaluationBatches } from '../data/batches';
import type { TokenizedSample } from '../data/tokenized-sample';
import { mixtureOf } from '../model/architecture';
import type { Model } from '../model/model';
import { rowStarts } from '../model/packed-batch';
import type { PassOptions } from '../model/pass-options';
import { type ChosenExperts, evaluationTokens } from '../train/fine-tuning';
import { ActivationStatistics, type SampleRouting } from './context-dependence';

/** METHOD step 2: at most this many samples. */
export const maximumStatisticsSamples = 2000;

export interface StatisticsOptions extends PassOptions {
  onProgress?: (done: number, total: number) => void;
}

/** Runs prompt and answer of every sample and counts which experts the router chooses. */
export async function activationStatistics(
  model: Model,
  samples: readonly TokenizedSample[],
  options: StatisticsOptions = {},
): Promise<ActivationStatistics> {
  const statistics = emptyStatistics(model);
  await routeSamples(model, samples, (_, routing) => statistics.add(routing), options);
  return statistics;
}

/** Statistics over no samples yet. */
export function emptyStatistics({ architecture, moeLayers }: Model): ActivationStatistics {
  return new ActivationStatistics(
    new Map(moeLayers.map(layer => [layer, mixtureOf(architecture, layer).experts])),
  );
}

/**
 * Runs prompt and answer of every sample.
 * @param visit is given the sample's position and its top-k experts by MoE layer; samples come by length
 */
export async function routeSamples(
  model: Model,
  samples: readonly TokenizedSample[],
  visit: (sample: number, routing: ReadonlyMap<number, SampleRouting>) => void,
  { onProgress, ...options }: StatisticsOptions = {},
): Promise<void> {
  let done = 0;
  for (const batch of evaluationBatches(samples, evaluationTokens)) {
    const chosen = await model.routing(batch, options);
    routingBySample(model, batch, chosen).forEach((routing, row) => visit(batch.samples[row], routing));
    done += batch.lengths.length;
    onProgress?.(done, samples.length);
  }
}

/** The routing of a batch, sample by sample: its top-k experts by MoE layer. */
export function routingBySample(
  { architecture }: Model,
  batch: Batch,
  chosen: ChosenExperts,
): Map<number, SampleRouting>[] {
  return rowStarts(batch).map(
    (start, row) =>
      new Map(
        [...chosen].map(([layer, { indices }]) => {
          const { topK } = mixtureOf(architecture, layer);
          const ofRow = indices.data.slice(start * topK, (start + batch.lengths[row]) * topK);
          return [layer, { indices: Int32Array.from(ofRow, Number) }];
        }),
      ),
  );
}
