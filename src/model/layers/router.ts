/** @file The router of a layer: its fed tensors, its logits, and the choice of experts. */
import type { FloatTensor, Graph, IndexTensor } from '../../engine/graph';
import { add, divide, multiply } from '../../engine/operators/elementwise';
import { gatherElements, topIndices } from '../../engine/operators/indexing';
import { linear } from '../../engine/operators/linear-algebra';
import { reduceSum, softmax } from '../../engine/operators/reduction';
import type { MixtureOfExperts, WeightReference } from '../architecture';
import { scaled } from './scaled';

/** A low-rank addition to a router: logits += scale · dropout(h) · Aᵀ · Bᵀ. */
export interface RouterAdapter {
  readonly rank: number;
  readonly scale: number;
  /** Whether `router_dropout` [tokens, hidden] is fed: 0 where a value is dropped, 1 / (1 − p) elsewhere. */
  readonly dropout: boolean;
}

/** Names under which a layer's router is fed. */
export const routerFeeds = {
  weight: 'router.weight',
  bias: 'router.bias',
  loraA: 'router.lora_A',
  loraB: 'router.lora_B',
  dropout: 'router.dropout',
  mask: 'expert_mask',
} as const;

export interface Routing {
  /** [tokens, experts], before the softmax, with the mask of switched-off experts. */
  readonly logits: FloatTensor;
  /** [tokens, top-k], in descending order of logit. */
  readonly indices: IndexTensor;
  /** [tokens, top-k]: factors on the experts' outputs. */
  readonly weights: FloatTensor;
}

/** The router's tensors in the checkpoint, by their names in the feeds. */
export function routerTensors({ router: { weight, bias } }: MixtureOfExperts): Map<string, WeightReference> {
  return new Map([[routerFeeds.weight, weight], ...(bias ? [[routerFeeds.bias, bias] as const] : [])]);
}

/** Declares the tensors of the router, by their names in the feeds. */
export function declareRouter(
  graph: Graph,
  { experts, router }: MixtureOfExperts,
  hiddenSize: number,
  adapter?: RouterAdapter,
): Record<string, FloatTensor> {
  const declare = (name: string, shape: number[]): Record<string, FloatTensor> => ({
    [name]: graph.input(name, 'float32', shape),
  });
  return {
    ...declare(routerFeeds.weight, [experts, hiddenSize]),
    ...(router.bias ? declare(routerFeeds.bias, [experts]) : {}),
    ...(adapter ? declare(routerFeeds.loraA, [adapter.rank, hiddenSize]) : {}),
    ...(adapter ? declare(routerFeeds.loraB, [experts, adapter.rank]) : {}),
  };
}

/** Logits and choice for `x` [tokens, hidden]. Declares the mask, and dropout where the adapter has it. */
export function routing(
  x: FloatTensor,
  architecture: MixtureOfExperts,
  router: Readonly<Record<string, FloatTensor>>,
  adapter?: RouterAdapter,
): Routing {
  const mask = x.graph.input(routerFeeds.mask, 'float32', [architecture.experts]);
  const plain = linear(x, router[routerFeeds.weight]);
  const bias = architecture.router.bias ? add(plain, router[routerFeeds.bias]) : plain;
  const logits = add(adapter ? add(bias, lowRank(x, router, adapter)) : bias, mask);
  const indices = topIndices(logits, architecture.topK);
  return { logits, indices, weights: chosenWeights(logits, indices, architecture) };
}

function lowRank(
  x: FloatTensor,
  router: Readonly<Record<string, FloatTensor>>,
  { dropout, scale }: RouterAdapter,
): FloatTensor {
  const { graph } = x;
  const dropped = dropout ? multiply(x, graph.input(routerFeeds.dropout, 'float32', x.shape)) : x;
  const product = linear(linear(dropped, router[routerFeeds.loraA]), router[routerFeeds.loraB]);
  return multiply(product, graph.float(scale));
}

function chosenWeights(
  logits: FloatTensor,
  indices: IndexTensor,
  { routing: { softmax: over, normalise, scale } }: MixtureOfExperts,
): FloatTensor {
  const chosen =
    over === 'all' ? gatherElements(softmax(logits), indices) : softmax(gatherElements(logits, indices));
  return scaled(normalise ? divide(chosen, reduceSum(chosen, [-1])) : chosen, scale);
}
