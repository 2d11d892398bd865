/** @file Weights of a checkpoint as tensors of a graph. */
import { bytesPerElement, type DataType } from '../../engine/data-type';
import type { FloatTensor, Graph, Tensor } from '../../engine/graph';
import { cast } from '../../engine/operators/elementwise';
import { everyNth } from '../../engine/operators/shaping';
import type { WeightReference } from '../architecture';
import type { Checkpoint } from '../checkpoint/checkpoint';

/** Gives a weight in float32, in the shape of its reference. */
export type LoadWeight = (weight: WeightReference) => FloatTensor;

const graphTypes: Partial<Record<string, DataType>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' };

/** The weight as it is stored, still in its file. Its bytes are declared once a graph. */
export function storedWeight(graph: Graph, checkpoint: Checkpoint, weight: WeightReference): Tensor {
  const block = storedBlock(graph, checkpoint, weight);
  const columns = weight.part?.interleaved;
  return columns ? everyNth(block, columns.first, columns.step) : block;
}

function storedBlock(graph: Graph, checkpoint: Checkpoint, { name, shape, part }: WeightReference): Tensor {
  const label = part ? `${name}@${part.start}` : name;
  const declared = graph.root.initializers.find(({ tensor }) => tensor.name === label);
  if (declared) return declared.tensor;
  const { dtype, location, offset, byteLength } = checkpoint.entry(name);
  const type = graphTypes[dtype];
  if (!type) throw new Error(`${name}: type ${dtype} was let through by the checks of the checkpoint`);
  if (!part) return graph.external(label, type, shape, { location, offset, byteLength });
  const { start, interleaved } = part;
  const block = shape.with(-1, shape[shape.length - 1] * (interleaved?.step ?? 1));
  const bytes = bytesPerElement[type];
  return graph.external(label, type, block, {
    location,
    offset: offset + start * bytes,
    byteLength: block.reduce((product, length) => product * length, bytes),
  });
}

/** The weight in float32. */
export function loadWeight(graph: Graph, checkpoint: Checkpoint, weight: WeightReference): FloatTensor {
  return cast(storedWeight(graph, checkpoint, weight), 'float32');
}
