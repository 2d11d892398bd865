/**
 * @file A recorder of ONNX graphs. Operators (see `operators/`) add nodes to the graph's current scope and, beside them,
 * entries on a tape: what was computed from what, and how gradients flow back. `gradients.ts` walks the tape,
 * `onnx-model.ts` cuts executable models out of the recorded nodes.
 */
import type { DataType } from './data-type';
import type { Shape } from './shape';

/** A value of a graph. Handles are compared by identity. */
export interface Tensor<D extends DataType = DataType> {
  readonly name: string;
  readonly dtype: D;
  readonly shape: Shape;
  readonly graph: Graph;
}
export type FloatTensor = Tensor<'float32'>;
export type IndexTensor = Tensor<'int64'>;
export type BoolTensor = Tensor<'bool'>;

export type Attribute =
  number | string | readonly number[] | { readonly float: number } | { readonly type: DataType };

/** Bytes of a tensor inside a file: an ONNX external initialiser. */
export interface ExternalData {
  /** Path relative to the folder that the session is given. */
  readonly location: string;
  readonly offset: number;
  readonly byteLength: number;
}

export interface Node {
  readonly operator: string;
  /** '' for standard ONNX. */
  readonly domain: string;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** Sub-graphs by attribute name (`If`). */
  readonly bodies: Readonly<Record<string, Body>>;
}

/** A sub-graph: it may read every tensor of the scopes around it. */
export interface Body {
  readonly scope: Scope;
  readonly outputs: readonly Tensor[];
}

export interface Initializer {
  readonly tensor: Tensor;
  readonly data: Uint8Array | ExternalData;
}

/**
 * What a gradient rule may use: the values handed in here, not those it was recorded with. Inside a branch of `If` they
 * differ, because the backward branch computes its own copies. (Integer inputs stand among them; no gradient is wanted
 * for those.)
 */
export interface GradientContext {
  readonly inputs: readonly FloatTensor[];
  readonly outputs: readonly FloatTensor[];
  /** Gradient of each output; undefined where none flows. */
  readonly gradients: readonly (FloatTensor | undefined)[];
  /** Which inputs a gradient is wanted for. */
  readonly wanted: readonly boolean[];
  /** Forward values that the backward pass may read instead of computing them again. */
  readonly saved: ReadonlySet<Tensor>;
}

/** Vector–Jacobian product: emits nodes and returns the gradient of each input (undefined: none, or not wanted). */
export type GradientRule = (context: GradientContext) => readonly (FloatTensor | undefined)[];

export interface TapeEntry {
  readonly operator: string;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly rule: GradientRule | undefined;
}

export class Scope {
  readonly nodes: Node[] = [];
  readonly tape: TapeEntry[] = [];
  readonly initializers: Initializer[] = [];
}

export interface Emission {
  readonly operator: string;
  readonly domain?: string;
  readonly inputs: readonly Tensor[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly bodies?: Readonly<Record<string, Body>>;
}

export class Graph {
  readonly root = new Scope();
  readonly inputs: Tensor[] = [];
  private current = this.root;
  private recordsTape = true;
  private names = 0;
  private readonly declared = new Set<string>();
  private readonly constants = new Map<string, Tensor>();

  /** A value that the caller feeds at each run. Asked for again by the same name, type and shape it is the same. */
  input<D extends DataType>(name: string, dtype: D, shape: Shape): Tensor<D> {
    const known = this.inputs.find(input => input.name === name);
    if (known?.dtype === dtype && known.shape.join() === shape.join()) return known as Tensor<D>;
    const tensor = { name: this.declare(name), dtype, shape, graph: this };
    this.inputs.push(tensor);
    return tensor;
  }

  /** A weight whose bytes stay in their file. */
  external<D extends DataType>(name: string, dtype: D, shape: Shape, data: ExternalData): Tensor<D> {
    const tensor = { name: this.declare(name), dtype, shape, graph: this };
    this.root.initializers.push({ tensor, data });
    return tensor;
  }

  /** A small float32 value that is stored in the model itself. Equal constants are stored once. */
  float(values: number | readonly number[], shape: readonly number[] = defaultShape(values)): FloatTensor {
    return this.constant('float32', new Float32Array(asList(values)), shape);
  }

  /** A small int64 value that is stored in the model itself. Equal constants are stored once. */
  int(values: number | readonly number[], shape: readonly number[] = defaultShape(values)): IndexTensor {
    return this.constant('int64', BigInt64Array.from(asList(values), BigInt), shape);
  }

  private constant<D extends DataType>(dtype: D, data: ArrayBufferView, shape: readonly number[]): Tensor<D> {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const key = `${dtype}/${shape.join('x')}/${Buffer.from(bytes).toString('latin1')}`;
    const known = this.constants.get(key);
    if (known) return known as Tensor<D>;
    const tensor = { name: this.freshName('constant'), dtype, shape, graph: this };
    this.root.initializers.push({ tensor, data: bytes });
    this.constants.set(key, tensor);
    return tensor;
  }

  /**
   * Adds a node to the current scope.
   * @param outputs type and shape of each output
   * @param rule how gradients flow back; undefined: they cannot
   */
  emit(
    emission: Emission,
    outputs: readonly { dtype: DataType; shape: Shape }[],
    rule?: GradientRule,
  ): Tensor[] {
    const { operator, inputs } = emission;
    for (const tensor of inputs) {
      if (tensor.graph !== this) throw new Error(`${operator}: "${tensor.name}" belongs to another graph`);
    }
    const results = outputs.map(({ dtype, shape }) => ({
      name: this.freshName(operator),
      dtype,
      shape,
      graph: this,
    }));
    this.current.nodes.push({ domain: '', attributes: {}, bodies: {}, ...emission, outputs: results });
    this.record({ operator, inputs, outputs: results, rule });
    return results;
  }

  /**
   * Several nodes that differentiate as one: what `build` emits is kept off the tape, `rule` stands for all of it.
   */
  composite<T extends readonly Tensor[]>(
    operator: string,
    inputs: readonly Tensor[],
    build: () => T,
    rule: GradientRule,
  ): T {
    const before = this.recordsTape;
    this.recordsTape = false;
    let outputs: T;
    try {
      outputs = build();
    } finally {
      this.recordsTape = before;
    }
    this.record({ operator, inputs, outputs, rule });
    return outputs;
  }

  /** Records what `build` emits as a sub-graph. Its tape is kept apart, for the rule of the node that owns it. */
  body(build: (scope: Scope) => readonly Tensor[]): Body {
    const [outer, recorded] = [this.current, this.recordsTape];
    const scope = new Scope();
    this.current = scope;
    this.recordsTape = true;
    try {
      return { scope, outputs: build(scope) };
    } finally {
      this.current = outer;
      this.recordsTape = recorded;
    }
  }

  private record(entry: TapeEntry): void {
    if (this.recordsTape) this.current.tape.push(entry);
  }

  /** ONNX Runtime would silently take the last of two initialisers of one name. */
  private declare(name: string): string {
    if (this.declared.has(name)) throw new Error(`"${name}" is declared twice`);
    this.declared.add(name);
    return name;
  }

  private freshName(operator: string): string {
    return `${operator}.${this.names++}`;
  }
}

function asList(values: number | readonly number[]): readonly number[] {
  return typeof values === 'number' ? [values] : values;
}

function defaultShape(values: number | readonly number[]): number[] {
  return typeof values === 'number' ? [] : [values.length];
}
