/** @file Rotary position embeddings. */
import type { FloatTensor } from '../../engine/graph';
import { add, multiply, subtract } from '../../engine/operators/elementwise';
import { concat, reshape, slice, transpose } from '../../engine/operators/shaping';

/** Cosines and sines of the packed tokens, [tokens, 1, size / 2]. */
export interface RotaryAngles {
  readonly cos: FloatTensor;
  readonly sin: FloatTensor;
}

/** Rotates the pairs (i, i + size/2) of each head. `x` [tokens, heads, size]. */
export function rotate(x: FloatTensor, { cos, sin }: RotaryAngles): FloatTensor {
  const half = (x.shape[2] as number) / 2;
  const [left, right] = [slice(x, 2, 0, half), slice(x, 2, half, 2 * half)];
  return concat(
    [subtract(multiply(left, cos), multiply(right, sin)), add(multiply(right, cos), multiply(left, sin))],
    2,
  );
}

/**
 * Rotates the pairs (2i, 2i + 1). They come out as the pairs (i, i + size/2): products of queries and keys that both
 * went through this are those of the interleaved layout.
 */
export function rotateInterleaved(x: FloatTensor, angles: RotaryAngles): FloatTensor {
  const [tokens, heads, size] = x.shape;
  const pairs = reshape(x, [tokens, heads, (size as number) / 2, 2]);
  return rotate(reshape(transpose(pairs, [0, 1, 3, 2]), [tokens, heads, size]), angles);
}
