/**
 * @file Operators for which ONNX Runtime has one kernel where the standard has many: fewer passes over memory. Each has a
 * rule of its own, with as few passes.
 */
import type { FloatTensor } from '../graph';
import { sumToShape } from './broadcasting';
import { add, divide, multiply, negate, squareRoot, subtract } from './elementwise';
import { reduceSum } from './reduction';

export interface RootMeanSquareNorm {
  /** Shape of `x`. */
  readonly output: FloatTensor;
  /** 1 / √(mean(x²) + epsilon), the last axis of length 1: what the backward pass reads. */
  readonly inverse: FloatTensor;
}

/**
 * weight · x / √(mean(x²) + epsilon), over the last axis.
 * @param weight of the length of the last axis of `x`
 */
export function rootMeanSquareNorm(x: FloatTensor, weight: FloatTensor, epsilon: number): RootMeanSquareNorm {
  const { graph, shape } = x;
  const width = shape[shape.length - 1];
  if (typeof width !== 'number') throw new Error('a norm needs rows of known length');
  const [output, inverse] = graph.composite(
    'RootMeanSquareNorm',
    [x, weight],
    () => {
      const attributes = { axis: -1, epsilon: { float: epsilon }, stash_type: 1 };
      const normalised = { operator: 'SimplifiedLayerNormalization', inputs: [x, weight], attributes };
      const [output] = graph.emit(normalised, [{ dtype: 'float32', shape }]);
      return [output as FloatTensor, inverseRootMeanSquare(x, width, epsilon)];
    },
    ({ inputs: [x, weight], outputs: [, inverse], gradients: [dy], wanted }) => {
      if (!dy) return [];
      const byX = (): FloatTensor => {
        const scaled = multiply(dy, weight);
        const cube = multiply(multiply(inverse, inverse), inverse);
        const mean = multiply(reduceSum(multiply(scaled, x), [-1]), graph.float(1 / width));
        return subtract(multiply(scaled, inverse), multiply(x, multiply(cube, mean)));
      };
      const byWeight = (): FloatTensor => sumToShape(multiply(multiply(dy, x), inverse), weight);
      return [wanted[0] ? byX() : undefined, wanted[1] ? byWeight() : undefined];
    },
  );
  return { output, inverse };
}

/** The kernel of the norm would give this too, but WebGPU's has the mean in its place (ONNX Runtime 1.30). */
function inverseRootMeanSquare(x: FloatTensor, width: number, epsilon: number): FloatTensor {
  const { graph, shape } = x;
  const [squares] = graph.emit(
    { operator: 'ReduceSumSquare', inputs: [x, graph.int([-1])], attributes: { keepdims: 1 } },
    [{ dtype: 'float32', shape: shape.with(-1, 1) }],
  ) as [FloatTensor];
  const mean = multiply(squares, graph.float(1 / width));
  return divide(graph.float(1), squareRoot(add(mean, graph.float(epsilon))));
}

/** What each token's pairs are turned by. */
export interface RotaryAngles {
  /** [tokens, size / 2] */
  readonly cos: FloatTensor;
  readonly sin: FloatTensor;
}

/**
 * Rotates pairs of each head's elements: (a, b) → (a · cos − b · sin, b · cos + a · sin).
 * @param x [tokens, heads, size]
 * @param pairs `halves`: elements i and i + size / 2; `neighbours`: elements 2 i and 2 i + 1
 */
export function rotatePairs(
  x: FloatTensor,
  { cos, sin }: RotaryAngles,
  pairs: 'halves' | 'neighbours',
): FloatTensor {
  const { graph } = x;
  const [tokens, heads, size] = x.shape;
  const [result] = graph.composite(
    'RotatePairs',
    [x, cos, sin],
    () => {
      const width = (heads as number) * (size as number);
      const [sequence] = graph.emit({ operator: 'Reshape', inputs: [x, graph.int([1, -1, width])] }, [
        { dtype: 'float32', shape: [1, tokens, width] },
      ]);
      const [rotated] = graph.emit(
        {
          operator: 'RotaryEmbedding',
          domain: 'com.microsoft',
          // The tokens are one sequence, whose element i has row i of the tables.
          inputs: [sequence, graph.int([0]), cos, sin],
          attributes: { interleaved: pairs === 'neighbours' ? 1 : 0 },
        },
        [{ dtype: 'float32', shape: [1, tokens, width] }],
      );
      const shape = graph.int([-1, heads as number, size as number]);
      return graph.emit({ operator: 'Reshape', inputs: [rotated, shape] }, [
        { dtype: 'float32', shape: x.shape },
      ]) as [FloatTensor];
    },
    // The adjoint turns the other way.
    ({ inputs: [, cos, sin], gradients: [dy] }) =>
      dy ? [rotatePairs(dy, { cos, sin: negate(sin) }, pairs)] : [],
  );
  return result;
}
