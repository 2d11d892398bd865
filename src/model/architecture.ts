/**
 * @file What a decoder-only Mixture-of-Experts model is made of, independent of the family that it comes from. A family
 * (`families/`) turns a `config.json` into this description; the layers are built from it and nothing else.
 */

/** A weight on disk, as a matrix or vector that the layers use. */
export interface WeightReference {
  /** Name of the stored tensor. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Where the weight is only a part of the stored tensor. */
  readonly part?: StoredPart;
  /** Whether the matrix is stored as [in, out]; `shape` says so, too. Default: [out, in], as linear layers are. */
  readonly transposed?: boolean;
}

/** A block of consecutive elements of a stored tensor. */
export interface StoredPart {
  /** Shape of the stored tensor. */
  readonly of: readonly number[];
  /** Number of elements before the block. */
  readonly start: number;
  /** Of the block's last axis only every `step`-th element from `first` on belongs to the weight. */
  readonly interleaved?: { readonly first: number; readonly step: number };
}

/** y = x · weightᵀ + bias. */
export interface Projection {
  /** [out, in] */
  readonly weight: WeightReference;
  /** [out] */
  readonly bias?: WeightReference;
}

/** down(activation(gate x, up x)): an expert or a dense feed-forward layer. */
export interface GatedFeedForward {
  /** [width, hidden] */
  readonly gate: Projection;
  /** [width, hidden] */
  readonly up: Projection;
  /** [hidden, width] */
  readonly down: Projection;
}

/** How the experts' gate g and up projection u become one: silu(g) · u, or as in GPT-OSS, clamped. */
export type Activation =
  | { readonly kind: 'silu' }
  /** (u' + 1) · g' · sigmoid(slope · g') with g' = min(g, limit), u' = u within ±limit. */
  | { readonly kind: 'clamped'; readonly limit: number; readonly slope: number };

export const siluActivation: Activation = { kind: 'silu' };

export interface RotaryEmbedding {
  /** Angle per position of each pair of dimensions. */
  readonly inverseFrequencies: readonly number[];
  /** Factor on cosines and sines. */
  readonly factor: number;
}

interface CommonAttention {
  readonly heads: number;
  /** Factor on query · key. */
  readonly scale: number;
  readonly output: Projection;
  /** A token sees itself and the `window` − 1 tokens before it. Default: all before it. */
  readonly window?: number;
  /** [heads]: the logit of "no token" in each head's softmax. */
  readonly sinks?: WeightReference;
}

/** Attention whose key and value heads each serve a group of query heads. */
export interface GroupedQueryAttention extends CommonAttention {
  readonly kind: 'grouped';
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly query: Projection;
  readonly key: Projection;
  readonly value: Projection;
  /** RMS norms before the rotation: of the whole query and key vectors, or of each head. */
  readonly norms?: {
    readonly of: 'vector' | 'head';
    readonly query: WeightReference;
    readonly key: WeightReference;
  };
  /** Queries, keys and values are limited to [−clip, clip]. */
  readonly clip?: number;
}

/**
 * Multi-head latent attention (DeepSeek-V2): keys and values come from one small latent vector, and a part of the key
 * that is rotated is shared by all heads. Rotated parts are stored as interleaved pairs.
 */
export interface LatentAttention extends CommonAttention {
  readonly kind: 'latent';
  /** Sizes of a head's parts: not rotated, rotated, value. */
  readonly plainSize: number;
  readonly rotatedSize: number;
  readonly valueSize: number;
  readonly latentSize: number;
  /** [heads × (plain + rotated), hidden] */
  readonly query: Projection;
  /** [latent + rotated, hidden] */
  readonly compress: Projection;
  readonly latentNorm: WeightReference;
  readonly latentNormEpsilon: number;
  /** [heads × (plain + value), latent] */
  readonly expand: Projection;
}

export type AttentionArchitecture = GroupedQueryAttention | LatentAttention;

export interface DenseFeedForward extends GatedFeedForward {
  readonly kind: 'dense';
}

/** From router logits to the chosen experts' weights. */
export interface RoutingRule {
  /** Softmax over all experts and then top-k, or top-k and then softmax over the chosen ones. */
  readonly softmax: 'all' | 'chosen';
  /** Whether the weights of the chosen experts are divided by their sum. */
  readonly normalise: boolean;
  /** Factor on the weights. */
  readonly scale: number;
}

export interface MixtureOfExperts {
  readonly kind: 'mixture';
  readonly experts: number;
  readonly topK: number;
  readonly routing: RoutingRule;
  /** [experts, hidden] */
  readonly router: Projection;
  /** Rows of each expert's gate and up projection. */
  readonly expertWidth: number;
  readonly activation: Activation;
  expert(index: number): GatedFeedForward;
  /** What every token passes through beside its experts; `gate` [1, hidden]: multiplied by sigmoid(gate · x). */
  readonly shared?: { readonly expert: GatedFeedForward; readonly gate?: WeightReference };
}

export type FeedForward = DenseFeedForward | MixtureOfExperts;

export interface LayerArchitecture {
  readonly inputNorm: WeightReference;
  readonly attention: AttentionArchitecture;
  readonly postAttentionNorm: WeightReference;
  readonly feedForward: FeedForward;
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
  /** Factor on embeddings. */
  readonly embeddingScale: number;
  /** Factor on what attention and feed-forward layers add to the residual stream. */
  readonly residualScale: number;
  readonly layers: readonly LayerArchitecture[];
  readonly finalNorm: WeightReference;
  /** [vocabulary, hidden]; the embedding itself where the two are tied. */
  readonly head: WeightReference;
  readonly logitScale: number;
}

/** Indices of the layers that have a router, ascending. */
export function moeLayers({ layers }: Architecture): number[] {
  return layers.flatMap(({ feedForward }, index) => (feedForward.kind === 'mixture' ? [index] : []));
}

/** The mixture of a layer. @throws Error if the layer has no router */
export function mixtureOf({ layers }: Architecture, index: number): MixtureOfExperts {
  const { feedForward } = layers[index];
  if (feedForward.kind === 'mixture') return feedForward;
  throw new Error(`layer ${index} has no router`);
}

/** Experts of a MoE layer, and to how many a token is sent: the same in all MoE layers. */
export function expertCounts(architecture: Architecture): { experts: number; topK: number } {
  const [first] = moeLayers(architecture);
  const { experts, topK } = mixtureOf(architecture, first);
  return { experts, topK };
}

/** Sizes of the sliding windows of the layers, each once. */
export function attentionWindows({ layers }: Architecture): number[] {
  return [...new Set(layers.flatMap(({ attention: { window } }) => (window === undefined ? [] : [window])))];
}
