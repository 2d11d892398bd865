/** @file The router of a layer: its logits, and the choice of experts. */
import type { FloatTensor, IndexTensor } from '../../engine/graph';
import { add, divide } from '../../engine/operators/elementwise';
import { gatherElements, topIndices } from '../../engine/operators/indexing';
import { reduceSum, softmax } from '../../engine/operators/reduction';
import type { MixtureOfExperts, WeightReference } from '../architecture';
import { project } from './projection';
import { scaled } from './scaled';
import type { LoadWeight } from './weights';

/** Names under which a layer's router is fed. */
export const routerFeeds = {
  weight: 'router.weight',
  bias: 'router.bias',
  mask: 'expert_mask',
} as const;

/** Whether a feed is the weight or the bias of a router. */
export function isRouterFeed(name: string): boolean {
  return name === routerFeeds.weight || name === routerFeeds.bias;
}

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

/**
 * Logits and choice for `x` [tokens, hidden].
 * @param mask [experts]: −∞ for those that are switched off, 0 for the others
 */
export function routing(
  x: FloatTensor,
  architecture: MixtureOfExperts,
  load: LoadWeight,
  mask: FloatTensor,
): Routing {
  const logits = add(project(x, architecture.router, load), mask);
  const indices = topIndices(logits, architecture.topK);
  return { logits, indices, weights: chosenWeights(logits, indices, architecture) };
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
