/**
 * @file What a decoder-only Mixture-of-Experts model is made of, independent of the family that it comes from. A family
 * (`families/`) turns a `config.json` into this description; the layers are built from it and nothing else.
 */

/** A weight on disk: tensor name and the shape that it must have. */
export interface WeightReference {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface ExpertWeights {
  /** [width, hidden] */
  readonly gate: WeightReference;
  /** [width, hidden] */
  readonly up: WeightReference;
  /** [hidden, width] */
  readonly down: WeightReference;
}

export interface RotaryEmbedding {
  /** Angle per position of each pair of dimensions. */
  readonly inverseFrequencies: readonly number[];
}

export interface AttentionArchitecture {
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
  /** Factor on query · key. */
  readonly scale: number;
  readonly query: WeightReference;
  readonly key: WeightReference;
  readonly value: WeightReference;
  readonly output: WeightReference;
  /** RMS norm of the whole query and key vectors, before they are split into heads. */
  readonly queryNorm?: WeightReference;
  readonly keyNorm?: WeightReference;
  /** Queries, keys and values are limited to [−clip, clip]. */
  readonly clip?: number;
}

export interface MixtureOfExperts {
  readonly kind: 'mixture';
  readonly experts: number;
  readonly topK: number;
  /** Whether the weights of the chosen experts are divided by their sum. */
  readonly normalise: boolean;
  /** [experts, hidden] */
  readonly router: WeightReference;
  expert(index: number): ExpertWeights;
}

export interface LayerArchitecture {
  readonly inputNorm: WeightReference;
  readonly attention: AttentionArchitecture;
  readonly postAttentionNorm: WeightReference;
  readonly feedForward: MixtureOfExperts;
}

export interface Architecture {
  /** Name of the family, e.g. `olmoe`. */
  readonly family: string;
  readonly hiddenSize: number;
  readonly vocabularySize: number;
  readonly normEpsilon: number;
  readonly maxPositions: number;
  readonly rotary: RotaryEmbedding;
  /** [vocabulary, hidden] */
  readonly embedding: WeightReference;
  readonly layers: readonly LayerArchitecture[];
  readonly finalNorm: WeightReference;
  /** [vocabulary, hidden]; the embedding itself where the two are tied. */
  readonly head: WeightReference;
}

/** Indices of the layers that have a router, ascending. */
export function moeLayers(architecture: Architecture): number[] {
  return architecture.layers.flatMap((layer, index) => (layer.feedForward.kind === 'mixture' ? [index] : []));
}

/** Every weight that the model needs, each once. */
export function requiredWeights(architecture: Architecture): WeightReference[] {
  const { embedding, finalNorm, head, layers } = architecture;
  const all = [embedding, finalNorm, head, ...layers.flatMap(layerWeights)];
  return [...new Map(all.map(weight => [weight.name, weight])).values()];
}

function layerWeights({
  inputNorm,
  attention,
  postAttentionNorm,
  feedForward,
}: LayerArchitecture): WeightReference[] {
  const { query, key, value, output, queryNorm, keyNorm } = attention;
  const experts = Array.from({ length: feedForward.experts }, (_, e) => feedForward.expert(e));
  return [
    inputNorm,
    postAttentionNorm,
    query,
    key,
    value,
    output,
    ...(queryNorm ? [queryNorm] : []),
    ...(keyNorm ? [keyNorm] : []),
    feedForward.router,
    ...experts.flatMap(({ gate, up, down }) => [gate, up, down]),
  ];
}
