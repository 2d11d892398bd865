/** @file Runs parts of a recorded graph, and looks into cut models. Only for tests. */
import { fromBinary } from '@bufbuild/protobuf';
import { type GraphProto, ModelProtoSchema } from 'onnx-buf';

import type { Graph, Tensor } from '../graph';
import { cutModel, type OnnxModel } from '../onnx-model';
import { type HostTensor, Session, type SessionOptions } from '../session';

export type Feeds = ReadonlyMap<Tensor, HostTensor>;

export function floats(
  values: Iterable<number>,
  shape?: readonly number[],
): HostTensor & { data: Float32Array } {
  const data = Float32Array.from(values);
  return { data, shape: shape ?? [data.length] };
}

export function integers(values: Iterable<number>, shape?: readonly number[]): HostTensor {
  const data = BigInt64Array.from(values, BigInt);
  return { data, shape: shape ?? [data.length] };
}

/** Values of `outputs`, computed from `feeds` (inputs, or any other tensors, which are then not computed). */
export async function evaluate(
  graph: Graph,
  outputs: readonly Tensor[],
  feeds: Feeds = new Map(),
  options: Partial<SessionOptions> = {},
): Promise<HostTensor[]> {
  const model = cutModel(graph, outputs, [...feeds.keys()]);
  const session = await Session.create(model, {
    executionProvider: 'cpu',
    memoryMode: 'resident',
    threads: 1,
    ...options,
  });
  try {
    const byName = Object.fromEntries([...feeds].map(([{ name }, value]) => [name, value]));
    const results = await session.run(byName);
    return outputs.map(({ name }) => results[name]);
  } finally {
    await session.release();
  }
}

/** The elements of a tensor as plain numbers. */
export function numbers({ data }: HostTensor): number[] {
  return Array.from<number | bigint, number>(data, Number);
}

/** The decoded graph of a cut model. */
export function graphOf(model: OnnxModel): GraphProto {
  const { graph } = fromBinary(ModelProtoSchema, model.bytes);
  if (!graph) throw new Error('the model has no graph');
  return graph;
}

/** The operators of a graph in order, those of branches after their `If`. */
export function operatorsOf({ node }: GraphProto): string[] {
  return node.flatMap(({ opType, attribute }) => [
    opType,
    ...attribute.flatMap(({ g }) => (g ? operatorsOf(g) : [])),
  ]);
}
