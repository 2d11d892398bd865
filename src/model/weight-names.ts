/**
 * @file Every weight of a model under its canonical name: one matrix [out, in] or one vector, whatever tensor of the
 * checkpoint it is stored in. Experts are `layers.{l}.experts.{e}.gate` (`.gate_bias`, …), routers
 * `layers.{l}.router.weight`, all others are named as they are stored, without the names of the modules around them.
 */
import type {
  Architecture,
  AttentionArchitecture,
  FeedForward,
  GatedFeedForward,
  LayerArchitecture,
  Projection,
  WeightReference,
} from './architecture';

type NamedWeight = readonly [name: string, weight: WeightReference];

/** All weights, each once. */
export function namedWeights(architecture: Architecture): Map<string, WeightReference> {
  const { embedding, finalNorm, head, layers } = architecture;
  return new Map([
    ...[embedding, finalNorm, head].map(byStoredName),
    ...layers.flatMap((layer, index) =>
      [...layerWeights(layer)].map(([name, weight]): NamedWeight => [`layers.${index}.${name}`, weight]),
    ),
  ]);
}

/** All weights by the stored tensor that holds them: one each, or the experts that a tensor holds together. */
export function weightsByTensor(architecture: Architecture): Map<string, Map<string, WeightReference>> {
  const tensors = new Map<string, Map<string, WeightReference>>();
  for (const [name, weight] of namedWeights(architecture)) {
    const held = tensors.get(weight.name);
    if (held) held.set(name, weight);
    else tensors.set(weight.name, new Map([[name, weight]]));
  }
  return tensors;
}

/** The final norm and the head; the head is the embedding where the two are tied. */
export function headWeights({ finalNorm, head }: Architecture): Map<string, WeightReference> {
  return new Map([finalNorm, head].map(byStoredName));
}

/** The weights of a layer, by their names without `layers.{l}.`. */
export function layerWeights(layer: LayerArchitecture): Map<string, WeightReference> {
  const { inputNorm, postAttentionNorm, attention, feedForward } = layer;
  return new Map([
    ...[inputNorm, postAttentionNorm, ...attentionWeights(attention)].map(byStoredName),
    ...feedForwardWeights(feedForward),
  ]);
}

/** The name of a weight that is a stored tensor of its own: `model.layers.0.self_attn.q_proj.weight` → `q_proj.weight`. */
export function ownName({ name }: WeightReference): string {
  return name.replace(/^model\.(layers\.\d+\.((self_attn|mlp)\.)?)?/, '');
}

function byStoredName(weight: WeightReference): NamedWeight {
  return [ownName(weight), weight];
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

function feedForwardWeights(feedForward: FeedForward): NamedWeight[] {
  if (feedForward.kind === 'dense') return gatedWeights(feedForward).map(byStoredName);
  const { experts, router, shared } = feedForward;
  return [
    ['router.weight', router.weight],
    ...optional(router.bias).map((bias): NamedWeight => ['router.bias', bias]),
    ...Array.from({ length: experts }, (_, e) => expertWeights(feedForward.expert(e), `experts.${e}`)).flat(),
    ...(shared ? [...gatedWeights(shared.expert), ...optional(shared.gate)].map(byStoredName) : []),
  ];
}

function expertWeights(expert: GatedFeedForward, prefix: string): NamedWeight[] {
  return (['gate', 'up', 'down'] as const).flatMap(part => [
    [`${prefix}.${part}`, expert[part].weight] as const,
    ...optional(expert[part].bias).map(bias => [`${prefix}.${part}_bias`, bias] as const),
  ]);
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

/** [out, in] of a matrix, however it is stored; [length] of a vector. */
export function canonicalShape({ shape, transposed }: WeightReference): readonly number[] {
  return transposed ? shape.toReversed() : shape;
}

/** Names of the factors [rank, in] and [out, rank] of a low-rank addition to a matrix. */
export function lowRankNames(weight: string): [a: string, b: string] {
  const matrix = weight.replace(/\.weight$/, '');
  return [`${matrix}.lora_A`, `${matrix}.lora_B`];
}
