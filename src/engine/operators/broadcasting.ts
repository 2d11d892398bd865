/** @file The two sides of broadcasting, for gradient rules. Nothing differentiates them again, so they have no rules. */
import type { FloatTensor, Tensor } from '../graph';
import { shapeOf } from './shaping';

/** `x` broadcast to the shape that `like` has at run time. */
export function expandAs(x: FloatTensor, like: Tensor): FloatTensor {
  const [result] = x.graph.emit({ operator: 'Expand', inputs: [x, shapeOf(like)] }, [
    { dtype: 'float32', shape: like.shape },
  ]);
  return result as FloatTensor;
}

/**
 * The adjoint of broadcasting `target` to the shape of `gradient`: sums over the axes that were added or stretched. An
 * axis of symbolic length is stretched exactly if the target's length there is known to be 1.
 */
export function sumToShape(gradient: FloatTensor, target: FloatTensor): FloatTensor {
  const added = gradient.shape.length - target.shape.length;
  const stretched = gradient.shape.flatMap((dimension, axis) =>
    axis < added || (target.shape[axis - added] === 1 && dimension !== 1) ? [axis] : [],
  );
  if (stretched.length === 0) return gradient;
  const { graph } = gradient;
  const [summed] = graph.emit(
    { operator: 'ReduceSum', inputs: [gradient, graph.int(stretched)], attributes: { keepdims: 1 } },
    [
      {
        dtype: 'float32',
        shape: gradient.shape.map((length, axis) => (stretched.includes(axis) ? 1 : length)),
      },
    ],
  );
  if (added === 0) return summed as FloatTensor;
  const addedAxes = graph.int(Array.from({ length: added }, (_, axis) => axis));
  const [result] = graph.emit({ operator: 'Squeeze', inputs: [summed, addedAxes] }, [
    { dtype: 'float32', shape: summed.shape.slice(added) },
  ]);
  return result as FloatTensor;
}
