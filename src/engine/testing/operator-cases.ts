/**
 * @file Checks operators and their gradient rules by table: a new operator is tested by adding a row to the table of
 * its module. Every row is checked for its values against a float64 reference, and for its gradients against central
 * differences of that reference and against TensorFlow.js, an independent implementation of automatic
 * differentiation. Only for tests.
 */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';

import { Random } from '../../common/random';
import { gradients } from '../gradients';
import { type FloatTensor, Graph, type Tensor } from '../graph';
import type { HostTensor } from '../session';
import type { Shape } from '../shape';
import { type Array64, compute } from './array64';
import { evaluate, floats, numbers } from './evaluate';

export interface CaseInput {
  readonly shape: readonly number[];
  /** The shape as the graph knows it, where that has symbolic dimensions. */
  readonly declared?: Shape;
  /** Bounds of the random values; default: −2 … 2. */
  readonly range?: readonly [low: number, high: number];
}

type OneOrMany<T> = T | readonly T[];

export interface OperatorCase {
  /** Name of the exported function. */
  readonly operator: string;
  /** What is special about this case. */
  readonly title: string;
  /** Inputs that the operator is differentiated by; a plain shape stands for values in the default range. */
  readonly inputs: readonly (CaseInput | readonly number[])[];
  /** Records the operator. */
  readonly build: (...inputs: FloatTensor[]) => OneOrMany<FloatTensor>;
  /** The same function by formula. */
  readonly reference: (...inputs: Array64[]) => OneOrMany<Array64>;
  /** The same function in TensorFlow.js. */
  readonly tensorflow: (...inputs: tf.Tensor[]) => OneOrMany<tf.Tensor>;
}

/** Error allowed relative to the largest element: both sides but the reference compute in float32. */
const tolerance = 1e-5;

/** Describes the cases, and demands one for each exported operator but those listed as not differentiable. */
export function describeOperators(
  operators: Readonly<Record<string, unknown>>,
  cases: readonly OperatorCase[],
  notDifferentiable: readonly string[] = [],
): void {
  beforeAll(async () => {
    tf.enableProdMode();
    await tf.setBackend('cpu');
  });

  it('every operator of the module has a case or is listed as not differentiable', () => {
    const covered = [...cases.map(({ operator }) => operator), ...notDifferentiable];
    expect([...new Set(covered)].sort()).toEqual(Object.keys(operators).sort());
  });

  if (cases.length === 0) return;
  describe.each(cases)('$operator: $title', operatorCase => {
    const check = prepare(operatorCase);

    it('gives the values of the reference', async () => {
      const actual = await evaluate(check.graph, check.outputs, check.feeds);
      check.expected.forEach(({ shape, data }, i) => {
        expect(actual[i].shape).toEqual(shape);
        expectClose(numbers(actual[i]), data, tolerance);
      });
    });

    it('has the gradients of central differences and of TensorFlow.js', async () => {
      const differences = centralDifferences(operatorCase, check);
      const autograd = await tensorflowGradients(operatorCase, check);
      for (const actual of await ownGradients(check)) {
        actual.forEach((gradient, i) => {
          expect(gradient.shape).toEqual(check.values[i].shape);
          expectClose(numbers(gradient), differences[i], tolerance);
          expectClose(numbers(gradient), autograd[i], tolerance);
        });
      }
    });
  });
}

/**
 * Fails unless every element is within `tolerance` × the largest expected magnitude of what is expected.
 * @param floor smallest magnitude that errors are related to, for sums of larger terms that may cancel
 */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  floor = 0,
): void {
  expect(actual.length).toBe(expected.length);
  const list = Array.from(expected);
  const scale = list.reduce((largest, value) => Math.max(largest, Math.abs(value)), floor) || 1;
  const error = list.reduce((largest, value, i) => Math.max(largest, Math.abs(actual[i] - value)), 0);
  expect(error / scale).toBeLessThanOrEqual(tolerance);
}

interface Prepared {
  readonly graph: Graph;
  readonly inputs: readonly FloatTensor[];
  readonly outputs: readonly FloatTensor[];
  readonly values: readonly Array64[];
  readonly expected: readonly Array64[];
  /** Gradient of the loss by each output: the loss is Σ weights · output. */
  readonly weights: readonly Array64[];
  readonly feeds: ReadonlyMap<Tensor, HostTensor>;
}

function prepare({ inputs, build, reference }: OperatorCase): Prepared {
  const random = new Random(7);
  const specifications: CaseInput[] = inputs.map(input => ('shape' in input ? input : { shape: input }));
  const values = specifications.map(({ shape, range: [low, high] = [-2, 2] }) =>
    compute(shape, () => Math.fround(low + (high - low) * random.uniform())),
  );
  const graph = new Graph();
  const tensors = specifications.map(({ shape, declared }, i) =>
    graph.input(`input ${i}`, 'float32', declared ?? shape),
  );
  const expected = asList(reference(...values));
  return {
    graph,
    inputs: tensors,
    outputs: asList(build(...tensors)),
    values,
    expected,
    weights: expected.map(({ shape }) => compute(shape, () => Math.fround(2 * random.uniform() - 1))),
    feeds: new Map(tensors.map((tensor, i) => [tensor, hostTensor(values[i])])),
  };
}

/**
 * The gradients by the rules, computed twice: with everything recomputed from the inputs by an optimised session, and
 * with the outputs given by one that runs the nodes as they are.
 */
async function ownGradients(check: Prepared): Promise<HostTensor[][]> {
  const { graph, inputs, outputs, weights, feeds } = check;
  const seeds = outputs.map((output, i) => ({
    output,
    gradient: graph.input(`gradient ${i}`, 'float32', output.shape),
  }));
  const found = gradients(seeds, inputs).map((gradient, i) => {
    if (!gradient) throw new Error(`no gradient by input ${i}`);
    return gradient;
  });
  const seeded = new Map([
    ...feeds,
    ...seeds.map(({ gradient }, i) => [gradient, hostTensor(weights[i])] as const),
  ]);
  const results = await evaluate(graph, outputs, feeds);
  const given = new Map([...seeded, ...outputs.map((output, i) => [output, results[i]] as const)]);
  return [
    await evaluate(graph, found, seeded, { memoryMode: 'resident' }),
    await evaluate(graph, found, given, { memoryMode: 'mapped' }),
  ];
}

function centralDifferences({ reference }: OperatorCase, { values, weights }: Prepared): number[][] {
  const step = 1e-5;
  const loss = (inputs: readonly Array64[]): number =>
    asList(reference(...inputs)).reduce(
      (total, { data }, i) => data.reduce((sum, value, place) => sum + value * weights[i].data[place], total),
      0,
    );
  return values.map(({ shape, data }, i) =>
    Array.from(data, (_, place) => {
      const moved = (by: number): number => {
        const copy = Float64Array.from(data);
        copy[place] += by;
        return loss(values.with(i, { shape, data: copy }));
      };
      return (moved(step) - moved(-step)) / (2 * step);
    }),
  );
}

async function tensorflowGradients(
  { tensorflow }: OperatorCase,
  { values, weights }: Prepared,
): Promise<ArrayLike<number>[]> {
  const asTensor = ({ shape, data }: Array64): tf.Tensor => tf.tensor(Float32Array.from(data), [...shape]);
  const loss = (...inputs: tf.Tensor[]): tf.Scalar =>
    asList(tensorflow(...inputs)).reduce<tf.Scalar>(
      (total, output, i) => tf.add(total, tf.sum(tf.mul(output, asTensor(weights[i])))),
      tf.scalar(0),
    );
  return await Promise.all(
    tf
      .grads(loss)(values.map(asTensor))
      .map(gradient => gradient.data()),
  );
}

function hostTensor({ shape, data }: Array64): HostTensor {
  return floats(data, shape);
}

function asList<T>(value: OneOrMany<T>): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}
