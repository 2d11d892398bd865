/**
 * @file Muon (Jordan et al. 2024): momentum, made orthogonal, as the update of matrices. Trains from scratch with fewer
 * tokens than AdamW.
 */
import { type FloatTensor, Graph } from '../engine/graph';
import { cutModel } from '../engine/onnx-model';
import { add, divide, multiply, squareRoot } from '../engine/operators/elementwise';
import { batchedProduct } from '../engine/operators/linear-algebra';
import { reduceSum } from '../engine/operators/reduction';
import { transpose } from '../engine/operators/shaping';
import { type HostTensor, Session, type SessionOptions } from '../engine/session';
import type { NamedArrays } from './adamw';

export interface MuonSettings {
  readonly momentum: number;
  /** Decoupled: a parameter p loses lr · weightDecay · p a step. */
  readonly weightDecay: number;
}

export const muonDefaults: MuonSettings = { momentum: 0.95, weightDecay: 0 };

/** Of the quintic iteration: they bring singular values into about 0.7 to 1.2 within five rounds. */
const coefficients = { linear: 3.4445, cubic: -4.775, quintic: 2.0315 };
const iterations = 5;

/** Matrices of one shape, orthogonalised together. */
interface Group {
  readonly names: readonly string[];
  readonly rows: number;
  readonly columns: number;
  readonly session: Promise<Session>;
}

export class Muon {
  private readonly groups: Group[];

  /**
   * @param matrices shapes [out, in] of what is updated, by name
   * @param momenta what it remembers; needed to go on after an interruption
   */
  constructor(
    matrices: ReadonlyMap<string, readonly number[]>,
    options: SessionOptions,
    private readonly settings: MuonSettings = muonDefaults,
    readonly momenta: Map<string, Float32Array> = new Map(),
  ) {
    const byShape = new Map<string, string[]>();
    for (const [name, shape] of matrices) {
      const same = byShape.get(shape.join()) ?? [];
      byShape.set(shape.join(), [...same, name]);
    }
    this.groups = [...byShape].map(([shape, names]) => {
      const [rows, columns] = shape.split(',').map(Number);
      return { names, rows, columns, session: orthogonalisation(names.length, rows, columns, options) };
    });
  }

  /** Changes `parameters` in place. */
  async step(parameters: NamedArrays, gradients: NamedArrays, learningRate: number): Promise<void> {
    for (const { names, rows, columns, session } of this.groups) {
      const size = rows * columns;
      const stacked = new Float32Array(names.length * size);
      names.forEach((name, i) => this.direction(name, gradients, stacked.subarray(i * size, (i + 1) * size)));
      const x = { data: stacked, shape: [names.length, rows, columns] };
      const [orthogonal] = Object.values(await (await session).run({ x })) as [HostTensor];
      const updates = orthogonal.data as Float32Array;
      // The root mean square of an update is that of AdamW's, about 0.2 (Liu et al. 2025).
      const scale = 0.2 * Math.sqrt(Math.max(rows, columns));
      names.forEach((name, i) => {
        const values = known(parameters, name);
        const update = updates.subarray(i * size, (i + 1) * size);
        const { weightDecay } = this.settings;
        for (let j = 0; j < size; j++)
          values[j] -= learningRate * (scale * update[j] + weightDecay * values[j]);
      });
    }
  }

  async release(): Promise<void> {
    for (const { session } of this.groups) await (await session).release();
  }

  /** Nesterov momentum. */
  private direction(name: string, gradients: NamedArrays, target: Float32Array): void {
    const gradient = known(gradients, name);
    const { momentum } = this.settings;
    const moment = this.momenta.get(name) ?? new Float32Array(gradient.length);
    this.momenta.set(name, moment);
    for (let i = 0; i < gradient.length; i++) {
      moment[i] = momentum * moment[i] + (1 - momentum) * gradient[i];
      target[i] = momentum * moment[i] + (1 - momentum) * gradient[i];
    }
  }
}

function known(arrays: NamedArrays, name: string): Float32Array {
  const values = arrays.get(name);
  if (!values) throw new Error(`no array "${name}"`);
  return values;
}

/** x [count, rows, columns] → U Vᵀ of its singular value decomposition, about, by the quintic Newton–Schulz iteration. */
function orthogonalisation(
  count: number,
  rows: number,
  columns: number,
  options: SessionOptions,
): Promise<Session> {
  const graph = new Graph();
  const input = graph.input('x', 'float32', [count, rows, columns]);
  const swap = (x: FloatTensor): FloatTensor => transpose(x, [0, 2, 1]);
  const norm = add(squareRoot(reduceSum(multiply(input, input), [1, 2])), graph.float(1e-7));
  // The products are smaller with the short side in front.
  let x = divide(rows > columns ? swap(input) : input, norm);
  const { linear, cubic, quintic } = coefficients;
  for (let i = 0; i < iterations; i++) {
    const square = batchedProduct(x, swap(x));
    const polynomial = add(
      multiply(square, graph.float(cubic)),
      multiply(batchedProduct(square, square), graph.float(quintic)),
    );
    x = add(multiply(x, graph.float(linear)), batchedProduct(polynomial, x));
  }
  const output = rows > columns ? swap(x) : x;
  return Session.create(cutModel(graph, [output]), options);
}
