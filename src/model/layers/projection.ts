/** @file Linear layers. */
import type { FloatTensor } from '../../engine/graph';
import { add } from '../../engine/operators/elementwise';
import { matrixProduct } from '../../engine/operators/linear-algebra';
import type { Projection, WeightReference } from '../architecture';
import type { LoadWeight } from './weights';

/** x · weightᵀ + bias. `x` [n, in] @returns [n, out] */
export function project(x: FloatTensor, { weight, bias }: Projection, load: LoadWeight): FloatTensor {
  const product = multiplyByWeight(x, weight, load);
  return bias ? add(product, load(bias)) : product;
}

/** x · weightᵀ, whichever way round the weight is stored. */
export function multiplyByWeight(x: FloatTensor, weight: WeightReference, load: LoadWeight): FloatTensor {
  return matrixProduct(x, load(weight), { transposeB: !weight.transposed });
}
