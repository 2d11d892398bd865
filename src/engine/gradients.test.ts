import * as tf from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import { gradients, MissingGradientRuleError } from './gradients';
import { type FloatTensor, Graph, type Tensor } from './graph';
import {
  add,
  cast,
  clip,
  divide,
  exponential,
  multiply,
  negate,
  sigmoid,
  silu,
  subtract,
} from './operators/elementwise';
import { linear, matrixProduct } from './operators/linear-algebra';
import { meanOfLast, reduceSum, softmax } from './operators/reduction';
import { concat, slice, transpose } from './operators/shaping';
import type { HostTensor } from './session';
import { elementCount } from './shape';
import { evaluate, floats, numbers } from './testing/evaluate';
import { expectClose } from './testing/operator-cases';

function only([gradient]: readonly (FloatTensor | undefined)[]): FloatTensor {
  if (!gradient) throw new Error('no gradient');
  return gradient;
}

describe('which gradients are computed', () => {
  it('no node is emitted for what is not a target', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2, 3]);
    const weight = graph.input('weight', 'float32', [4, 3]);
    const output = linear(x, weight);
    const dy = graph.input('dy', 'float32', [2, 4]);
    const before = graph.root.nodes.length;
    gradients([{ output, gradient: dy }], [weight]);
    const emitted = graph.root.nodes.slice(before);
    // dyᵀ · x, and nothing towards x.
    expect(emitted.map(({ operator, inputs }) => [operator, ...inputs])).toEqual([['Gemm', dy, x]]);
  });

  it('operators before every target are not differentiated, with or without a rule', () => {
    const graph = new Graph();
    const frozen = graph.input('frozen', 'float32', [3]);
    const target = graph.input('target', 'float32', [3]);
    const output = multiply(cast(cast(frozen, 'float16'), 'float32'), target);
    const dy = graph.input('dy', 'float32', [3]);
    const before = graph.root.nodes.length;
    gradients([{ output, gradient: dy }], [target]);
    expect(graph.root.nodes.slice(before).map(({ operator }) => operator)).toEqual(['Mul']);
  });

  it('a target that the seeds do not depend on has no gradient', () => {
    const graph = new Graph();
    const [a, b] = ['a', 'b'].map(name => graph.input(name, 'float32', [3]));
    const output = exponential(a);
    expect(gradients([{ output, gradient: graph.float([1, 1, 1]) }], [b])).toEqual([undefined]);
    expect(gradients([], [a])).toEqual([undefined]);
  });

  it('a value computed only from integers of a target has no gradient', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [3]);
    const output = cast(cast(x, 'int64'), 'float32');
    expect(gradients([{ output, gradient: graph.float([1, 1, 1]) }], [x])).toEqual([undefined]);
  });

  it('the gradient of a seeded output by itself is the seed', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [3]);
    const dy = graph.input('dy', 'float32', [3]);
    expect(gradients([{ output: x, gradient: dy }], [x])).toEqual([dy]);
  });

  it('values in between may be targets, beside what they are computed from', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2]);
    const middle = multiply(x, graph.float([3, 3]));
    const output = multiply(middle, middle);
    const found = gradients([{ output, gradient: graph.float([1, 1]) }], [x, middle]);
    const results = await evaluate(
      graph,
      found.map(gradient => only([gradient])),
      new Map([[x, floats([1, 2])]]),
    );
    // (3x)² has the derivatives 2·3x by 3x, and three times that by x.
    expect(results.map(numbers)).toEqual([
      [18, 36],
      [6, 12],
    ]);
  });
});

describe('accumulation', () => {
  it('adds what flows back along each use of a tensor', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2]);
    const output = add(multiply(x, x), add(x, exponential(x)));
    const gradient = only(gradients([{ output, gradient: graph.float([1, 10]) }], [x]));
    const [actual] = await evaluate(graph, [gradient], new Map([[x, floats([0, 1])]]));
    // 2x + 1 + eˣ
    expectClose(numbers(actual), [2, 10 * (3 + Math.E)], 1e-6);
  });

  it('adds up several seeds, two of them for one output', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2]);
    const [double, square] = [add(x, x), multiply(x, x)];
    const one = graph.float([1, 1]);
    const seeds = [double, square, square].map(output => ({ output, gradient: one }));
    const [actual] = await evaluate(graph, [only(gradients(seeds, [x]))], new Map([[x, floats([3, 5])]]));
    // 2 + 2·2x
    expect(numbers(actual)).toEqual([14, 22]);
  });

  it('gives the same on a second call: rules do not disturb the tape', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2]);
    const seed = { output: multiply(x, exponential(x)), gradient: graph.float([1, 1]) };
    const both = [only(gradients([seed], [x])), only(gradients([seed], [x]))];
    const [first, second] = await evaluate(graph, both, new Map([[x, floats([0.5, -1])]]));
    expect(numbers(second)).toEqual(numbers(first));
  });
});

describe('operators without a rule', () => {
  it.each([
    ['Cast', (x: FloatTensor) => cast(cast(x, 'float16'), 'float32')],
    [
      'TopK',
      (x: FloatTensor) => {
        const [values] = x.graph.emit({ operator: 'TopK', inputs: [x, x.graph.int([2])] }, [
          { dtype: 'float32', shape: [2] },
          { dtype: 'int64', shape: [2] },
        ]);
        return values as FloatTensor;
      },
    ],
  ])('%s between target and seed is named', (operator, build) => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [3]);
    const output = multiply(build(x), graph.float(2));
    const differentiate = () => gradients([{ output, gradient: output }], [x]);
    expect(differentiate).toThrow(MissingGradientRuleError);
    expect(differentiate).toThrow(`${operator} has no gradient rule, but a gradient must flow through it.`);
  });
});

/**
 * A step of a random expression: an operator (of one or two operands) on inputs or earlier results, by number.
 */
interface Step {
  readonly operator: keyof typeof steps;
  readonly a: number;
  readonly b: number;
}

type Two<T> = (a: T, b: T) => T;
const squashed = (x: FloatTensor): FloatTensor => clip(x, -2.5, 2.5);
const steps = {
  add: { own: add, other: tf.add },
  subtract: { own: subtract, other: tf.sub },
  multiply: { own: multiply, other: tf.mul },
  divide: {
    own: (a, b) => divide(a, exponential(sigmoid(b))),
    other: (a, b) => tf.div(a, tf.exp(tf.sigmoid(b))),
  },
  negate: { own: a => negate(a), other: a => tf.neg(a) },
  silu: { own: a => silu(a), other: a => tf.mul(a, tf.sigmoid(a)) },
  clip: { own: squashed, other: a => tf.clipByValue(a, -2.5, 2.5) },
  softmax: { own: a => softmax(a), other: a => tf.softmax(a) },
  sums: { own: a => reduceSum(a, [0]), other: a => tf.sum(a, 0, true) },
  mean: { own: a => meanOfLast(a), other: a => tf.mean(a, -1, true) },
  transpose: { own: a => transpose(a, [1, 0]), other: a => tf.transpose(a) },
  outerProduct: {
    own: (a, b) => matrixProduct(meanOfLast(a), meanOfLast(b), { transposeB: true }),
    other: (a, b) => tf.matMul(tf.mean(a, -1, true), tf.mean(b, -1, true), false, true),
  },
  innerProduct: {
    own: (a, b) => linear(softmax(a), softmax(multiply(meanOfLast(b), a))),
    other: (a, b) => tf.matMul(tf.softmax(a), tf.softmax(tf.mul(tf.mean(b, -1, true), a)), false, true),
  },
  rotate: {
    own: a => concat([slice(a, 0, -1, a.shape[0] as number), slice(a, 0, 0, -1)], 0),
    other: a => {
      const [rows, columns] = a.shape;
      return tf.concat(
        [tf.slice(a, [rows - 1, 0], [1, columns]), tf.slice(a, [0, 0], [rows - 1, columns])],
        0,
      );
    },
  },
} satisfies Record<string, { own: Two<FloatTensor>; other: Two<tf.Tensor> }>;

const inputShapes = [
  [3, 3],
  [1, 3],
  [3, 1],
  [1, 1],
];

/** Factors of the loss on an output's elements: uneven, or the gradient of softmax would vanish. */
function lossWeights(shape: readonly number[]): number[] {
  return Array.from({ length: elementCount(shape) }, (_, i) => Math.cos(3 * i));
}

/** Results of the steps, each of which is applied to inputs or earlier results. */
function compose<T>(
  program: readonly Step[],
  inputs: readonly T[],
  apply: (step: Step['operator'], a: T, b: T) => T,
): T[] {
  const results = [...inputs];
  for (const { operator, a, b } of program) {
    results.push(apply(operator, results[a % results.length], results[b % results.length]));
  }
  return results.slice(inputs.length);
}

describe('random expressions', () => {
  beforeAll(async () => {
    tf.enableProdMode();
    await tf.setBackend('cpu');
  });

  const program = fc.array(
    fc.record({
      operator: fc.constantFrom(...(Object.keys(steps) as (keyof typeof steps)[])),
      a: fc.nat(30),
      b: fc.nat(30),
    }),
    { minLength: 1, maxLength: 7 },
  );
  const values = fc.tuple(
    ...inputShapes.map(([rows, columns]) =>
      fc.array(
        fc.integer({ min: -16, max: 16 }).map(n => n / 16),
        { minLength: rows * columns, maxLength: rows * columns },
      ),
    ),
  );

  it('have the gradients of TensorFlow.js', async () => {
    await fc.assert(
      fc.asyncProperty(program, values, async (program, values) => {
        const graph = new Graph();
        const inputs = inputShapes.map((shape, i) => graph.input(`input ${i}`, 'float32', shape));
        const own = compose(program, inputs, (step, a, b) => (steps[step].own as Two<FloatTensor>)(a, b));
        const seeds = own.map(output => {
          const shape = output.shape as number[];
          return { output, gradient: graph.float(lossWeights(shape), shape) };
        });
        const found = gradients(seeds, inputs);
        const feeds = new Map<Tensor, HostTensor>(
          inputs.map((input, i) => [input, floats(values[i], inputShapes[i])]),
        );
        const present = found.filter(gradient => gradient !== undefined);
        const results = await evaluate(graph, present, feeds);

        const loss = (...inputs: tf.Tensor[]): tf.Scalar =>
          compose(program, inputs, (step, a, b) =>
            (steps[step].other as Two<tf.Tensor>)(a, b),
          ).reduce<tf.Scalar>(
            (total, output) =>
              tf.add(total, tf.sum(tf.mul(output, tf.tensor(lossWeights(output.shape), output.shape)))),
            // TensorFlow.js refuses targets that the loss does not depend on.
            inputs.reduce<tf.Scalar>((total, input) => tf.add(total, tf.mul(0, tf.sum(input))), tf.scalar(0)),
          );
        const expected = tf.grads(loss)(values.map((list, i) => tf.tensor(list, inputShapes[i])));
        const actual = found.map((gradient, i) =>
          gradient ? numbers(results[present.indexOf(gradient)]) : values[i].map(() => 0),
        );
        expectClose(
          actual.flat(),
          expected.flatMap(gradient => [...gradient.dataSync()]),
          1e-5,
          1,
        );
        tf.dispose(expected);
      }),
      { seed: 20, numRuns: 150 },
    );
  });
});
