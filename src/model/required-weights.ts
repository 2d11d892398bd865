/** @file The stored tensors that an architecture needs, and how large its layers are. */
import type { Architecture, LayerArchitecture, WeightReference } from './architecture';
import { layerWeights, namedWeights } from './weight-names';

export interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Every tensor that the model needs, each once, with the shape that it must have on disk. */
export function requiredWeights(architecture: Architecture): StoredTensor[] {
  const stored = [...namedWeights(architecture).values()].map(
    ({ name, shape, part }): [string, StoredTensor] => [name, { name, shape: part?.of ?? shape }],
  );
  return [...new Map(stored).values()];
}

/** Elements of a layer's weights, in its routed experts and in everything else. */
export function layerElements(layer: LayerArchitecture): { experts: number; others: number } {
  const count = (weights: readonly (readonly [string, WeightReference])[]): number =>
    weights.reduce((sum, [, { shape }]) => sum + shape.reduce((product, length) => product * length, 1), 0);
  const all = [...layerWeights(layer)];
  const experts = count(all.filter(([name]) => name.startsWith('experts.')));
  return { experts, others: count(all) - experts };
}
