/** @file The stored tensors that an architecture needs. */
import type {
  Architecture,
  AttentionArchitecture,
  FeedForward,
  GatedFeedForward,
  LayerArchitecture,
  MixtureOfExperts,
  Projection,
  WeightReference,
} from './architecture';

export interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Every tensor that the model needs, each once, with the shape that it must have on disk. */
export function requiredWeights({ embedding, finalNorm, head, layers }: Architecture): StoredTensor[] {
  const all = [
    embedding,
    finalNorm,
    head,
    ...layers.flatMap(({ inputNorm, postAttentionNorm, attention, feedForward }) => [
      inputNorm,
      postAttentionNorm,
      ...attentionWeights(attention),
      ...feedForwardWeights(feedForward),
    ]),
  ];
  const stored = all.map(({ name, shape, part }): [string, StoredTensor] => [
    name,
    { name, shape: part?.of ?? shape },
  ]);
  return [...new Map(stored).values()];
}

/** Elements of a layer's weights, in its routed experts and in everything else. */
export function layerElements({ inputNorm, postAttentionNorm, attention, feedForward }: LayerArchitecture): {
  experts: number;
  others: number;
} {
  const count = (weights: readonly WeightReference[]): number =>
    weights.reduce((sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1), 0);
  const all = count([
    inputNorm,
    postAttentionNorm,
    ...attentionWeights(attention),
    ...feedForwardWeights(feedForward),
  ]);
  const experts = feedForward.kind === 'mixture' ? count(expertWeights(feedForward)) : 0;
  return { experts, others: all - experts };
}

function attentionWeights(attention: AttentionArchitecture): WeightReference[] {
  return [...ownAttentionWeights(attention), ...projection(attention.output), ...optional(attention.sinks)];
}

function ownAttentionWeights(attention: AttentionArchitecture): WeightReference[] {
  if (attention.kind === 'latent') {
    const { query, compress, latentNorm, expand } = attention;
    return [...[query, compress, expand].flatMap(projection), latentNorm];
  }
  const { query, key, value, norms } = attention;
  return [...[query, key, value].flatMap(projection), ...(norms ? [norms.query, norms.key] : [])];
}

function feedForwardWeights(feedForward: FeedForward): WeightReference[] {
  if (feedForward.kind === 'dense') return gatedWeights(feedForward);
  const { router, shared } = feedForward;
  return [
    ...projection(router),
    ...expertWeights(feedForward),
    ...(shared ? [...gatedWeights(shared.expert), ...optional(shared.gate)] : []),
  ];
}

function expertWeights(mixture: MixtureOfExperts): WeightReference[] {
  return Array.from({ length: mixture.experts }, (_, e) => gatedWeights(mixture.expert(e))).flat();
}

function gatedWeights({ gate, up, down }: GatedFeedForward): WeightReference[] {
  return [gate, up, down].flatMap(projection);
}

function projection({ weight, bias }: Projection): WeightReference[] {
  return [weight, ...optional(bias)];
}

function optional(weight: WeightReference | undefined): WeightReference[] {
  return weight ? [weight] : [];
}
