/** @file Constant factors of an architecture. */
import type { FloatTensor } from '../../engine/graph';
import { multiply } from '../../engine/operators/elementwise';

/** x · factor; nothing is computed for the factor 1. */
export function scaled(x: FloatTensor, factor: number): FloatTensor {
  return factor === 1 ? x : multiply(x, x.graph.float(factor));
}
