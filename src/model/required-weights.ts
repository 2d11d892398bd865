/** @file The stored tensors that an architecture needs. */
import type {
  Architecture,
  AttentionArchitecture,
  FeedForward,
  GatedFeedForward,
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
  const { experts, router, shared } = feedForward;
  return [
    ...projection(router),
    ...Array.from({ length: experts }, (_, e) => gatedWeights(feedForward.expert(e))).flat(),
    ...(shared ? [...gatedWeights(shared.expert), ...optional(shared.gate)] : []),
  ];
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
