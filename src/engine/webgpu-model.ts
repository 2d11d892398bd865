/** @file A model in the form that ONNX Runtime's WebGPU kernels can run. */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type GraphProto, ModelProtoSchema, type NodeProto, NodeProtoSchema } from 'onnx-buf';

/** What a shader can read beside what it writes: every WebGPU device has at least eight storage buffers. */
const partsAtOnce = 7;

/**
 * The same model with joins of joins in place of joins of many parts. Where there are more parts than a shader can read,
 * ONNX Runtime (1.30) joins them in several passes, and fails if all parts of a pass are empty, as the rows of experts
 * are that no token goes to. A join whose parts are all empty it leaves out.
 * @param bytes serialised ModelProto
 */
export function withJoinsOfFewParts(bytes: Uint8Array): Uint8Array {
  const model = fromBinary(ModelProtoSchema, bytes);
  if (model.graph) splitJoins(model.graph);
  return toBinary(ModelProtoSchema, model);
}

function splitJoins(graph: GraphProto): void {
  for (const { g } of graph.node.flatMap(({ attribute }) => attribute)) if (g) splitJoins(g);
  graph.node = graph.node.flatMap(node => (node.opType === 'Concat' ? joinsOf(node) : [node]));
}

/** The join last; before it those that give its parts. */
function joinsOf(join: NodeProto): NodeProto[] {
  if (join.input.length <= partsAtOnce) return [join];
  const joins: NodeProto[] = [];
  const parts: string[] = [];
  for (let start = 0; start < join.input.length; start += partsAtOnce) {
    const name = `${join.name}, parts from ${start}`;
    const input = join.input.slice(start, start + partsAtOnce);
    joins.push(create(NodeProtoSchema, { ...join, name, input, output: [name] }));
    parts.push(name);
  }
  const last = create(NodeProtoSchema, { ...join, name: `${join.name}, joined`, input: parts });
  return [...joins, ...joinsOf(last)];
}
