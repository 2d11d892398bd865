/**
 * @file The auxiliary loss that keeps a mixture of experts balanced while it is trained from scratch (Shazeer et al.
 * 2017; Fedus et al. 2021), as transformers defines it: all layers together.
 */
import type { FloatTensor } from '../../engine/graph';
import { add, cast, divide, multiply } from '../../engine/operators/elementwise';
import { countOccurrences } from '../../engine/operators/indexing';
import { reduceSum, softmax } from '../../engine/operators/reduction';
import { reshape } from '../../engine/operators/shaping';
import type { Routing } from './router';

/**
 * experts · Σ_e f_e · P_e: top-k if all experts are used alike, more otherwise. f_e: the (token, slot) pairs that were
 * sent to expert e, a token; P_e: the mean of softmax(logits)_e. Both over the tokens of all layers. f is constant for
 * the gradient.
 * @returns [1]
 */
export function loadBalancingLoss(routings: readonly Pick<Routing, 'logits' | 'indices'>[]): FloatTensor {
  const [{ logits, indices }] = routings;
  const { graph } = logits;
  const [experts, topK] = [logits.shape[1] as number, indices.shape[1] as number];
  const counts = routings.map(({ indices }) =>
    cast(countOccurrences(reshape(indices, ['pairs']), experts), 'float32'),
  );
  const probabilities = routings.map(({ logits }) => reshape(reduceSum(softmax(logits), [0]), [experts]));
  const count = counts.reduce(add);
  const tokens = multiply(reduceSum(count, [0]), graph.float(1 / topK));
  const products = divide(multiply(count, probabilities.reduce(add)), multiply(tokens, tokens));
  return multiply(reduceSum(products, [0]), graph.float(experts));
}
