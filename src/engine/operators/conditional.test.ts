import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';

import { gradients } from '../gradients';
import { type FloatTensor, Graph, type IndexTensor, type Tensor } from '../graph';
import { cutModel } from '../onnx-model';
import type { HostTensor } from '../session';
import { at, compute, elementwise, sum } from '../testing/array64';
import { evaluate, floats, graphOf, integers, numbers, operatorsOf } from '../testing/evaluate';
import { describeOperators, expectClose, type OperatorCase } from '../testing/operator-cases';
import * as operators from './conditional';
import { add, compare, multiply, sigmoid, silu } from './elementwise';
import { gather, sortOrder } from './indexing';
import { linear } from './linear-algebra';
import { placeRows } from './rows';
import { slice, zerosLike } from './shaping';

const { conditional } = operators;

const greaterThanZero = (graph: Graph, value: number) =>
  compare('Greater', graph.int([value]), graph.int([0]));
const siluOf = (x: number): number => x / (1 + Math.exp(-x));

/** A linear layer and silu if taken, twice the input otherwise; the weight is captured from outside. */
const cases = [true, false].flatMap((taken): OperatorCase[] => [
  {
    operator: 'conditional',
    title: taken ? 'taken, with a captured weight' : 'not taken, with a captured weight',
    inputs: [
      [3, 4],
      [4, 4],
    ],
    build: (x, weight) =>
      conditional(
        greaterThanZero(x.graph, Number(taken)),
        () => [silu(linear(x, weight))],
        () => [add(x, x)],
      ),
    reference: (x, weight) =>
      taken
        ? compute([3, 4], (row, out) => siluOf(sum(4, i => at(x, row, i) * at(weight, out, i))))
        : elementwise(
            (x, zero) => 2 * x + 0 * zero,
            x,
            compute([1], () => at(weight, 0, 0)),
          ),
    tensorflow: (x, weight) => {
      const product = tf.matMul(x, weight, false, true);
      return taken ? tf.mul(product, tf.sigmoid(product)) : tf.add(tf.add(x, x), tf.mul(0, product));
    },
  },
  {
    operator: 'conditional',
    title: `${taken ? 'taken' : 'not taken'}, captured tensors as outputs, one of them twice`,
    inputs: [
      [2, 3],
      [2, 3],
    ],
    build: (a, b) =>
      conditional(
        greaterThanZero(a.graph, Number(taken)),
        () => [a, a, multiply(a, b)],
        () => [b, a, add(a, b)],
      ),
    reference: (a, b) =>
      taken ? [a, a, elementwise((x, y) => x * y, a, b)] : [b, a, elementwise((x, y) => x + y, a, b)],
    tensorflow: (a, b) => (taken ? [a, a, tf.mul(a, b)] : [b, a, tf.add(a, b)]),
  },
]);

describeOperators(operators, cases);

/** One expert of a mixture, behind a condition that is fed. */
function recordExpert() {
  const graph = new Graph();
  const count = graph.input('count', 'int64', [1]);
  const x = graph.input('x', 'float32', ['n', 2]);
  const weight = graph.input('weight', 'float32', [2, 2]);
  const outputs = conditional(
    compare('Greater', count, graph.int([0])),
    () => {
      const hidden = linear(x, weight);
      return [multiply(sigmoid(hidden), hidden), hidden];
    },
    () => [zerosLike(x), zerosLike(x)],
  );
  const dy = graph.input('dy', 'float32', ['n', 2]);
  const feeds = (taken: boolean): Map<Tensor, HostTensor> =>
    new Map<Tensor, HostTensor>([
      [dy, floats([1, 2, 3, 4], [2, 2])],
      [count, integers([Number(taken)])],
      [x, floats([0.5, -1, 2, 0.25], [2, 2])],
      [weight, floats([1, -0.5, 0.75, 2], [2, 2])],
    ]);
  return { graph, x, weight, outputs, dy, feeds };
}

function defined(tensors: readonly (FloatTensor | undefined)[]): FloatTensor[] {
  return tensors.map(tensor => {
    if (!tensor) throw new Error('no gradient');
    return tensor;
  });
}

describe('the backward pass of a branch', () => {
  it('reads saved outputs instead of computing them again, with the same result', async () => {
    for (const taken of [true, false]) {
      const { graph, x, weight, outputs, dy, feeds } = recordExpert();
      const seed = { output: outputs[0], gradient: dy };
      const recomputed = defined(gradients([seed], [x, weight]));
      const saved = defined(gradients([seed], [x, weight], { saved: new Set([outputs[1]]) }));
      const values = await evaluate(graph, outputs, feeds(taken));
      const given = new Map([...feeds(taken), [outputs[1], values[1]] as const]);
      const [expected, actual] = [
        await evaluate(graph, recomputed, feeds(taken)),
        await evaluate(graph, saved, given),
      ];
      actual.forEach((gradient, i) => expect(numbers(gradient)).toEqual(numbers(expected[i])));
      expect(numbers(actual[0]).every(value => value === 0)).toBe(!taken);

      const products = (results: readonly Tensor[], known: readonly Tensor[]): number =>
        operatorsOf(graphOf(cutModel(graph, results, known))).filter(operator => operator === 'Gemm').length;
      // Two for the gradients, one to compute the hidden values again.
      expect(products(recomputed, [])).toBe(3);
      expect(products(saved, [outputs[1]])).toBe(2);
    }
  });

  it('needs nothing of the forward If: the backward model computes the inside itself', () => {
    const { graph, weight, outputs, dy } = recordExpert();
    const seed = { output: outputs[0], gradient: dy };
    const model = cutModel(graph, defined(gradients([seed], [weight])));
    expect(operatorsOf(graphOf(model)).filter(operator => operator === 'If')).toHaveLength(1);
    expect(model.inputs.map(({ name }) => name).sort()).toEqual(['count', 'dy', 'weight', 'x']);
  });

  it('uses copies of indices that are computed inside the branch', async () => {
    const graph = new Graph();
    const keys = graph.input('keys', 'int64', ['n']);
    const x = graph.input('x', 'float32', ['n', 1]);
    const sorted = (order: IndexTensor): FloatTensor =>
      placeRows(x, { index: order, inverse: sortOrder(order) });
    const [output] = conditional(
      compare('Greater', gather(keys, graph.int([0])), graph.int([0])),
      () => [sorted(sortOrder(keys))],
      () => [x],
    );
    const [gradient] = defined(gradients([{ output, gradient: graph.float([10, 20, 30], [3, 1]) }], [x]));
    const feeds = new Map<Tensor, HostTensor>([
      [keys, integers([3, 1, 2])],
      [x, floats([1, 2, 3], [3, 1])],
    ]);
    const [forward] = await evaluate(graph, [output], feeds);
    expect(numbers(forward)).toEqual([2, 3, 1]);
    const [actual] = await evaluate(graph, [gradient], feeds);
    expect(numbers(actual)).toEqual([30, 10, 20]);
  });

  it('is taken at run time: one model, both ways', async () => {
    const { graph, weight, outputs, dy, feeds } = recordExpert();
    const seed = { output: outputs[1], gradient: dy };
    const [gradient] = defined(gradients([seed], [weight]));
    // hidden = x · weightᵀ, so its gradient by the weight is dyᵀ · x.
    const [taken] = await evaluate(graph, [gradient], feeds(true));
    expectClose(numbers(taken), [6.5, -0.25, 9, -1], 1e-6);
    const [skipped] = await evaluate(graph, [gradient], feeds(false));
    expect(numbers(skipped)).toEqual([0, 0, 0, 0]);
  });
});

it('branches inside branches run, but are not differentiated', async () => {
  const graph = new Graph();
  const x = graph.input('x', 'float32', [2]);
  // Read by the inner branch only.
  const weight = graph.input('weight', 'float32', [2]);
  const yes = greaterThanZero(graph, 1);
  const [output] = conditional(
    yes,
    () =>
      conditional(
        yes,
        () => [multiply(x, weight)],
        () => [x],
      ),
    () => [x],
  );
  const [actual] = await evaluate(
    graph,
    [output],
    new Map([
      [x, floats([2, 3])],
      [weight, floats([4, 5])],
    ]),
  );
  expect(numbers(actual)).toEqual([8, 15]);
  expect(() => gradients([{ output, gradient: graph.float([1, 1]) }], [weight])).toThrow(
    'If: nested branches cannot be differentiated',
  );
});

it('branches with different numbers of outputs are refused', () => {
  const graph = new Graph();
  const x = graph.input('x', 'float32', [2]);
  expect(() =>
    conditional(
      greaterThanZero(graph, 1),
      () => [x, slice(x, 0, 0, 1)],
      () => [x],
    ),
  ).toThrow('If: branches give different numbers of tensors');
});
