/** @file Cuts an executable ONNX model out of a recorded graph: what the wanted outputs need, and nothing else. */
import { create, toBinary } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from 'onnx-buf';

import { onnxTypeCode } from './data-type';
import type { Attribute, Body, Graph, Initializer, Node, Tensor } from './graph';

/** ONNX IR and operator-set versions that the operators of this engine are written for. */
const irVersion = 9n;
const operatorSet = 18n;
const contribDomain = 'com.microsoft';

export interface OnnxModel {
  /** Serialised ModelProto. */
  readonly bytes: Uint8Array;
  /** Names of the inputs that a run must feed. */
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** Whether initialisers point into files. */
  readonly usesExternalData: boolean;
  /** Names of the nodes, those of branches included, that read or write float16. */
  readonly halfPrecisionNodes: readonly string[];
}

/**
 * The model that computes `outputs`. Values named in `given` become inputs of the model, whatever computes them in the
 * graph: so one recording serves as forward model, as backward model, and as both.
 */
export function cutModel(graph: Graph, outputs: readonly Tensor[], given: readonly Tensor[] = []): OnnxModel {
  const inputs = new Set(given);
  const { nodes, values } = needed(graph.root.nodes, outputs, inputs);
  for (const input of graph.inputs) if (values.has(input)) inputs.add(input);
  const initializers = graph.root.initializers.filter(
    ({ tensor }) => values.has(tensor) && !inputs.has(tensor),
  );
  const usedInputs = [...inputs].filter(tensor => values.has(tensor));
  const proto = create(ModelProtoSchema, {
    irVersion,
    producerName: 'router-lens',
    opsetImport: [
      { domain: '', version: operatorSet },
      { domain: contribDomain, version: 1n },
    ],
    graph: create(GraphProtoSchema, {
      name: 'graph',
      node: nodes.map(nodeProto),
      input: usedInputs.map(input => valueInfo(input)),
      output: outputs.map(output => valueInfo(output)),
      initializer: initializers.map(initializerProto),
    }),
  });
  return {
    bytes: toBinary(ModelProtoSchema, proto),
    inputs: usedInputs,
    outputs,
    usesExternalData: initializers.some(({ data }) => !(data instanceof Uint8Array)),
    halfPrecisionNodes: nodes.flatMap(halfPrecisionNodes),
  };
}

/** The nodes, in order, that `outputs` depend on once `given` is known, and every value that they touch. */
function needed(
  nodes: readonly Node[],
  outputs: readonly Tensor[],
  given: ReadonlySet<Tensor>,
): { nodes: Node[]; values: Set<Tensor> } {
  const values = new Set(outputs);
  const isWanted = (tensor: Tensor): boolean => values.has(tensor) && !given.has(tensor);
  const kept: Node[] = [];
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i];
    if (!node.outputs.some(isWanted)) continue;
    const bodies = Object.entries(node.bodies);
    // Branches compute only those of their outputs that are used.
    const used = node.outputs.map(output => bodies.length === 0 || isWanted(output));
    const cut: Record<string, Body> = {};
    for (const [name, body] of bodies) {
      const bodyOutputs = body.outputs.filter((_, i) => used[i]);
      const inside = needed(body.scope.nodes, bodyOutputs, new Set());
      for (const value of inside.values) values.add(value);
      const scope = { ...body.scope, nodes: inside.nodes, tape: [], initializers: [] };
      cut[name] = { scope, outputs: bodyOutputs };
    }
    for (const input of node.inputs) values.add(input);
    const outputs = node.outputs
      .filter((_, i) => used[i])
      // Given beside an output that is wanted: computed again, and not read.
      .map(output => (given.has(output) ? { ...output, name: `${output.name}.unread` } : output));
    kept.push({ ...node, outputs, bodies: cut });
  }
  return { nodes: kept.reverse(), values };
}

/** Names of the node, if it touches float16, and of such nodes in its branches. */
function halfPrecisionNodes(node: Node): string[] {
  const touched = [...node.inputs, ...node.outputs].some(({ dtype }) => dtype === 'float16');
  const inside = Object.values(node.bodies).flatMap(({ scope }) => scope.nodes.flatMap(halfPrecisionNodes));
  return touched ? [nodeName(node), ...inside] : inside;
}

/** Of its first output. ONNX Runtime names the node in its errors. */
function nodeName(node: Node): string {
  return node.outputs[0].name;
}

function nodeProto(node: Node): NodeProto {
  return create(NodeProtoSchema, {
    name: nodeName(node),
    opType: node.operator,
    domain: node.domain,
    input: node.inputs.map(({ name }) => name),
    output: node.outputs.map(({ name }) => name),
    attribute: [
      ...Object.entries(node.attributes).map(([name, value]) => attributeProto(name, value)),
      ...Object.entries(node.bodies).map(([name, body]) =>
        create(AttributeProtoSchema, {
          name,
          type: AttributeProto_AttributeType.GRAPH,
          g: bodyProto(name, body),
        }),
      ),
    ],
  });
}

/** Lengths of a branch's outputs are left open: those of several branches may have one name and yet differ. */
function bodyProto(name: string, body: Body): GraphProto {
  return create(GraphProtoSchema, {
    name,
    node: body.scope.nodes.map(nodeProto),
    output: body.outputs.map(output => valueInfo(output, { namesLengths: false })),
  });
}

function attributeProto(name: string, value: Attribute): AttributeProto {
  if (typeof value === 'number') {
    return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INT, i: BigInt(value) });
  }
  if (typeof value === 'string') {
    return create(AttributeProtoSchema, {
      name,
      type: AttributeProto_AttributeType.STRING,
      s: Buffer.from(value),
    });
  }
  if ('float' in value) {
    return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.FLOAT, f: value.float });
  }
  if ('type' in value) {
    const i = BigInt(onnxTypeCode[value.type]);
    return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INT, i });
  }
  return create(AttributeProtoSchema, {
    name,
    type: AttributeProto_AttributeType.INTS,
    ints: value.map(BigInt),
  });
}

function initializerProto({ tensor, data }: Initializer): TensorProto {
  const common = {
    name: tensor.name,
    dataType: onnxTypeCode[tensor.dtype],
    dims: tensor.shape.map(dimension => BigInt(dimension)),
  };
  if (data instanceof Uint8Array)
    return create(TensorProtoSchema, { ...common, rawData: Uint8Array.from(data) });
  return create(TensorProtoSchema, {
    ...common,
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: [
      { key: 'location', value: data.location },
      { key: 'offset', value: String(data.offset) },
      { key: 'length', value: String(data.byteLength) },
    ],
  });
}

function valueInfo(tensor: Tensor, { namesLengths } = { namesLengths: true }): ValueInfoProto {
  const dim = tensor.shape.map(dimension => {
    if (typeof dimension === 'number')
      return { value: { case: 'dimValue' as const, value: BigInt(dimension) } };
    return namesLengths ? { value: { case: 'dimParam' as const, value: dimension } } : {};
  });
  return create(ValueInfoProtoSchema, {
    name: tensor.name,
    type: { value: { case: 'tensorType', value: { elemType: onnxTypeCode[tensor.dtype], shape: { dim } } } },
  });
}
