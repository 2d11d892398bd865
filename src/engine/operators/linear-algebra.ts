/** @file Matrix products. */
import type { FloatTensor } from '../graph';
import { broadcastShapes, showShape } from '../shape';
import { sumToShape } from './broadcasting';
import { transpose } from './shaping';

/**
 * Product of two matrices, either of which may be transposed on the fly.
 * @param a [m, n], or [n, m] with `transposeA`
 * @param b [n, p], or [p, n] with `transposeB`
 */
export function matrixProduct(
  a: FloatTensor,
  b: FloatTensor,
  { transposeA = false, transposeB = false }: { transposeA?: boolean; transposeB?: boolean } = {},
): FloatTensor {
  const [rows, inner] = transposeA ? [a.shape[1], a.shape[0]] : a.shape;
  const [innerB, columns] = transposeB ? [b.shape[1], b.shape[0]] : b.shape;
  if (a.shape.length !== 2 || b.shape.length !== 2 || inner !== innerB) {
    throw new Error(`matrix product of ${showShape(a.shape)} and ${showShape(b.shape)}`);
  }
  const [result] = a.graph.emit(
    {
      operator: 'Gemm',
      inputs: [a, b],
      attributes: { transA: Number(transposeA), transB: Number(transposeB) },
    },
    [{ dtype: 'float32', shape: [rows, columns] }],
    ({ inputs: [a, b], gradients: [dy], wanted }) => {
      if (!dy) return [];
      const da = (): FloatTensor =>
        transposeA
          ? matrixProduct(b, dy, { transposeA: transposeB, transposeB: true })
          : matrixProduct(dy, b, { transposeB: !transposeB });
      const db = (): FloatTensor =>
        transposeB
          ? matrixProduct(dy, a, { transposeA: true, transposeB: transposeA })
          : matrixProduct(a, dy, { transposeA: !transposeA });
      return [wanted[0] ? da() : undefined, wanted[1] ? db() : undefined];
    },
  );
  return result as FloatTensor;
}

/** A linear layer without bias: x · weightᵀ. `x` [n, in], `weight` [out, in], as Hugging Face stores it. */
export function linear(x: FloatTensor, weight: FloatTensor): FloatTensor {
  return matrixProduct(x, weight, { transposeB: true });
}

/**
 * Products of stacks of matrices: the leading axes broadcast, the last two are multiplied.
 * @param a […, m, n]
 * @param b […, n, p]
 */
export function batchedProduct(a: FloatTensor, b: FloatTensor): FloatTensor {
  if (a.shape.length < 2 || b.shape.length < 2 || a.shape.at(-1) !== b.shape.at(-2)) {
    throw new Error(`matrix product of ${showShape(a.shape)} and ${showShape(b.shape)}`);
  }
  const leading = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const [result] = a.graph.emit(
    { operator: 'MatMul', inputs: [a, b] },
    [{ dtype: 'float32', shape: [...leading, ...a.shape.slice(-2, -1), ...b.shape.slice(-1)] }],
    ({ inputs: [a, b], gradients: [dy], wanted }) =>
      dy
        ? [
            wanted[0] ? sumToShape(batchedProduct(dy, swapLastAxes(b)), a) : undefined,
            wanted[1] ? sumToShape(batchedProduct(swapLastAxes(a), dy), b) : undefined,
          ]
        : [],
  );
  return result as FloatTensor;
}

function swapLastAxes(x: FloatTensor): FloatTensor {
  const rank = x.shape.length;
  const permutation = x.shape.map((_, axis) => axis);
  [permutation[rank - 1], permutation[rank - 2]] = [rank - 2, rank - 1];
  return transpose(x, permutation);
}
