/** @file Activation patterns: which context-faithful experts a sample uses, and a plane in which alike samples are near (METHOD, Fig. 4). */
import { UMAP } from 'umap-js';

import { throwIfCancelled } from '../../common/cancellation';
import { InputError } from '../../common/errors';
import { Random } from '../../common/random';
import type { TokenizedSample } from '../../data/tokenized-sample';
import type { ExpertList } from '../../protocol/artifacts';
import { emptyStatistics, routeSamples } from '../activation-statistics';
import type { Variant } from '../variant';
import type { PassHooks } from './pass-hooks';

/** UMAP's own default. */
const neighbours = 15;
const fewestSamples = 4;

/**
 * For every sample, in their order: the share of its routing that goes to each of the listed experts, layer by layer.
 * @returns [sample][experts of all layers]
 */
export async function expertActivations(
  { model, pass }: Variant,
  samples: readonly TokenizedSample[],
  experts: ExpertList,
  hooks: PassHooks = {},
): Promise<number[][]> {
  const found = samples.map((): number[] => []);
  await routeSamples(
    model,
    samples,
    (sample, routing) => {
      const statistics = emptyStatistics(model);
      statistics.add(routing);
      const ratios = statistics.ratios();
      found[sample] = Object.entries(experts).flatMap(([layer, listed]) =>
        listed.map(expert => ratios[layer][expert]),
      );
    },
    { ...pass, ...hooks },
  );
  return found;
}

/**
 * Places in the plane by UMAP (McInnes et al., 2018), seeded.
 * @throws InputError if there are too few points, CancelledError
 */
export async function embedInPlane(
  points: readonly number[][],
  seed: number,
  { signal, onProgress }: PassHooks = {},
): Promise<[x: number, y: number][]> {
  if (points.length < fewestSamples) {
    throw new InputError(`${points.length} samples are too few for a map. Give at least ${fewestSamples}.`);
  }
  const random = new Random(seed);
  const umap = new UMAP({
    nComponents: 2,
    nNeighbors: Math.min(neighbours, points.length - 1),
    random: () => random.uniform(),
  });
  const epochs = umap.initializeFit([...points]);
  for (let epoch = 0; epoch < epochs; epoch++) {
    umap.step();
    if (epoch % 10 > 0) continue;
    onProgress?.(epoch, epochs);
    await throwIfCancelled(signal);
  }
  return umap.getEmbedding().map(([x, y]) => [x, y]);
}
