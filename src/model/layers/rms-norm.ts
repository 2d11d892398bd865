/** @file Root-mean-square normalisation. */
import type { FloatTensor } from '../../engine/graph';
import { add, divide, multiply, squareRoot } from '../../engine/operators/elementwise';
import { meanOfLast } from '../../engine/operators/reduction';

/** weight · x / √(mean(x²) + epsilon), over the last axis. */
export function rmsNorm(x: FloatTensor, weight: FloatTensor, epsilon: number): FloatTensor {
  const rootMeanSquare = squareRoot(add(meanOfLast(multiply(x, x)), x.graph.float(epsilon)));
  return multiply(divide(x, rootMeanSquare), weight);
}
