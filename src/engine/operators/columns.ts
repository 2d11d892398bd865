/** @file Putting the last axes of two tensors one after the other. Not differentiable: for passes that only go forward. */
import type { FloatTensor, IndexTensor } from '../graph';

/** @param left […, n] @param right […, m] @returns […, n + m] */
export function joinColumns(left: FloatTensor, right: FloatTensor): FloatTensor {
  const shape = left.shape.with(-1, `${left.shape.at(-1)} + ${right.shape.at(-1)}`);
  const [result] = left.graph.emit(
    { operator: 'Concat', inputs: [left, right], attributes: { axis: left.shape.length - 1 } },
    [{ dtype: 'float32', shape }],
  );
  return result as FloatTensor;
}

/**
 * The way back from {@link joinColumns}.
 * @param x […, n + m]
 * @param left […, n], right […, m]: what was joined
 * @returns […, n] and […, m]
 */
export function splitColumns(
  x: FloatTensor,
  left: FloatTensor,
  right: FloatTensor,
): [FloatTensor, FloatTensor] {
  const { graph } = x;
  const axis = x.shape.length - 1;
  const [middle, end] = [left, x].map(tensor => {
    const [length] = graph.emit({ operator: 'Shape', inputs: [tensor], attributes: { start: -1 } }, [
      { dtype: 'int64', shape: [1] },
    ]);
    return length as IndexTensor;
  });
  const part = (from: IndexTensor, to: IndexTensor, { shape }: FloatTensor): FloatTensor => {
    const [result] = graph.emit({ operator: 'Slice', inputs: [x, from, to, graph.int([axis])] }, [
      { dtype: 'float32', shape },
    ]);
    return result as FloatTensor;
  };
  return [part(graph.int([0]), middle, left), part(middle, end, right)];
}
