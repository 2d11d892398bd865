/** @file Operators that act on each element, with NumPy broadcasting. */
import type { DataType } from '../data-type';
import type { BoolTensor, FloatTensor, GradientRule, Tensor } from '../graph';
import { broadcastShapes } from '../shape';
import { sumToShape } from './broadcasting';

function binary(operator: string, a: FloatTensor, b: FloatTensor, rule: GradientRule): FloatTensor {
  const shape = broadcastShapes(a.shape, b.shape);
  const [result] = a.graph.emit({ operator, inputs: [a, b] }, [{ dtype: 'float32', shape }], rule);
  return result as FloatTensor;
}

function unary(operator: string, x: FloatTensor, rule: GradientRule): FloatTensor {
  const [result] = x.graph.emit({ operator, inputs: [x] }, [{ dtype: 'float32', shape: x.shape }], rule);
  return result as FloatTensor;
}

export function add(a: FloatTensor, b: FloatTensor): FloatTensor {
  return binary('Add', a, b, ({ inputs: [a, b], gradients: [dy], wanted }) =>
    dy ? [wanted[0] ? sumToShape(dy, a) : undefined, wanted[1] ? sumToShape(dy, b) : undefined] : [],
  );
}

export function subtract(a: FloatTensor, b: FloatTensor): FloatTensor {
  return binary('Sub', a, b, ({ inputs: [a, b], gradients: [dy], wanted }) =>
    dy ? [wanted[0] ? sumToShape(dy, a) : undefined, wanted[1] ? sumToShape(negate(dy), b) : undefined] : [],
  );
}

export function multiply(a: FloatTensor, b: FloatTensor): FloatTensor {
  return binary('Mul', a, b, ({ inputs: [a, b], gradients: [dy], wanted }) =>
    dy
      ? [
          wanted[0] ? sumToShape(multiply(dy, b), a) : undefined,
          wanted[1] ? sumToShape(multiply(dy, a), b) : undefined,
        ]
      : [],
  );
}

export function divide(a: FloatTensor, b: FloatTensor): FloatTensor {
  return binary('Div', a, b, ({ inputs: [a, b], outputs: [y], gradients: [dy], wanted }) => {
    if (!dy) return [];
    const overB = divide(dy, b);
    return [
      wanted[0] ? sumToShape(overB, a) : undefined,
      wanted[1] ? sumToShape(negate(multiply(overB, y)), b) : undefined,
    ];
  });
}

export function negate(x: FloatTensor): FloatTensor {
  return unary('Neg', x, ({ gradients: [dy] }) => (dy ? [negate(dy)] : []));
}

export function squareRoot(x: FloatTensor): FloatTensor {
  return unary('Sqrt', x, ({ outputs: [y], gradients: [dy] }) =>
    dy ? [divide(multiply(dy, y.graph.float(0.5)), y)] : [],
  );
}

/** e to the power of each element. */
export function exponential(x: FloatTensor): FloatTensor {
  return unary('Exp', x, ({ outputs: [y], gradients: [dy] }) => (dy ? [multiply(dy, y)] : []));
}

export function sigmoid(x: FloatTensor): FloatTensor {
  return unary('Sigmoid', x, ({ outputs: [y], gradients: [dy] }) =>
    dy ? [multiply(dy, multiply(y, subtract(y.graph.float(1), y)))] : [],
  );
}

/** x · sigmoid(x). */
export function silu(x: FloatTensor): FloatTensor {
  return multiply(x, sigmoid(x));
}

/** Limits every element to [low, high]. The gradient is passed where the element lies inside, bounds included. */
export function clip(x: FloatTensor, low: number, high: number): FloatTensor {
  const { graph } = x;
  const [result] = graph.emit(
    { operator: 'Clip', inputs: [x, graph.float(low), graph.float(high)] },
    [{ dtype: 'float32', shape: x.shape }],
    ({ inputs: [x], outputs: [y], gradients: [dy] }) =>
      dy ? [multiply(dy, cast(compare('Equal', x, y), 'float32'))] : [],
  );
  return result as FloatTensor;
}

/** Element type conversion. Not differentiable: only weights and indices are converted. */
export function cast<D extends DataType>(x: Tensor, dtype: D): Tensor<D> {
  if (x.dtype === dtype) return x as Tensor<D>;
  const [result] = x.graph.emit({ operator: 'Cast', inputs: [x], attributes: { to: { type: dtype } } }, [
    { dtype, shape: x.shape },
  ]);
  return result as Tensor<D>;
}

/** Element-wise comparison of two tensors of one type. */
export function compare(
  operator: 'Equal' | 'Greater' | 'Less' | 'LessOrEqual' | 'GreaterOrEqual',
  a: Tensor,
  b: Tensor,
): BoolTensor {
  const shape = broadcastShapes(a.shape, b.shape);
  const [result] = a.graph.emit({ operator, inputs: [a, b] }, [{ dtype: 'bool', shape }]);
  return result as BoolTensor;
}
