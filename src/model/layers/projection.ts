/** @file Linear layers. */
import type { FloatTensor } from '../../engine/graph';
import { dropout } from '../../engine/operators/dropout';
import { add, multiply } from '../../engine/operators/elementwise';
import { linear, matrixProduct } from '../../engine/operators/linear-algebra';
import type { Projection, WeightReference } from '../architecture';
import type { LoadWeight, LowRank } from './weights';

/** x · weightᵀ + bias. `x` [n, in] @returns [n, out] */
export function project(x: FloatTensor, { weight, bias }: Projection, load: LoadWeight): FloatTensor {
  const product = multiplyByWeight(x, weight, load);
  return bias ? add(product, load(bias)) : product;
}

/** x · weightᵀ, whichever way round the weight is stored, with its low-rank addition. */
export function multiplyByWeight(x: FloatTensor, weight: WeightReference, load: LoadWeight): FloatTensor {
  const product = matrixProduct(x, load(weight), { transposeB: !weight.transposed });
  const addition = load.lowRank?.(weight);
  return addition ? add(product, lowRankProduct(x, addition)) : product;
}

function lowRankProduct(x: FloatTensor, { a, b, scale, dropout: dropped }: LowRank): FloatTensor {
  const input = dropped ? dropout(x, dropped.probability, dropped.seed) : x;
  return multiply(linear(linear(input, a), b), x.graph.float(scale));
}
