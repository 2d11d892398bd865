/** @file Weights of a checkpoint as tensors of a graph. */
import type { DataType } from '../../engine/data-type';
import type { FloatTensor, Graph, Tensor } from '../../engine/graph';
import { cast } from '../../engine/operators/elementwise';
import type { WeightReference } from '../architecture';
import type { Checkpoint } from '../checkpoint/checkpoint';

const graphTypes: Partial<Record<string, DataType>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' };

/** The weight as it is stored, still in its file. Declared once a graph. */
export function storedWeight(graph: Graph, checkpoint: Checkpoint, { name, shape }: WeightReference): Tensor {
  const declared = graph.root.initializers.find(({ tensor }) => tensor.name === name);
  if (declared) return declared.tensor;
  const entry = checkpoint.entry(name);
  const dtype = graphTypes[entry.dtype];
  if (!dtype) throw new Error(`${name}: type ${entry.dtype} was let through by the checks of the checkpoint`);
  const { location, offset, byteLength } = entry;
  return graph.external(name, dtype, shape, { location, offset, byteLength });
}

/** The weight in float32. */
export function loadWeight(graph: Graph, checkpoint: Checkpoint, weight: WeightReference): FloatTensor {
  return cast(storedWeight(graph, checkpoint, weight), 'float32');
}
