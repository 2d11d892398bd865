import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';

import { Graph } from '../graph';
import { type Array64, at, compute, sum } from '../testing/array64';
import { describeOperators, type OperatorCase } from '../testing/operator-cases';
import * as operators from './fused';

const { rootMeanSquareNorm, rotatePairs } = operators;

const epsilon = 0.01;

const norms = [
  { title: 'rows of symbolic number', inputs: [{ shape: [5, 6], declared: ['tokens', 6] }, [6]] },
  { title: 'heads of rows', inputs: [{ shape: [4, 2, 3], declared: ['tokens', 2, 3] }, [3]] },
  { title: 'values near zero', inputs: [{ shape: [3, 4], range: [-0.05, 0.05] as const }, [4]] },
].map(({ title, inputs }): OperatorCase => ({
  operator: 'rootMeanSquareNorm',
  title,
  inputs: inputs,
  build: (x, weight) => rootMeanSquareNorm(x, weight, epsilon).output,
  reference: (x, weight) => {
    const width = weight.shape[0];
    return compute(x.shape, (...index) => {
      const row = index.slice(0, -1);
      const meanSquare = sum(width, i => at(x, ...row, i) ** 2) / width;
      return (at(weight, index[index.length - 1]) * at(x, ...index)) / Math.sqrt(meanSquare + epsilon);
    });
  },
  tensorflow: (x, weight) =>
    tf.mul(weight, tf.div(x, tf.sqrt(tf.add(tf.mean(tf.square(x), -1, true), epsilon)))),
}));

// [tokens, size / 2]; a factor beside the rotation, as YaRN has it.
const [tokens, heads, size] = [3, 2, 6];
const angle = (token: number, i: number): number => 0.7 * token + 0.3 * i + 0.1;
const table = (f: (x: number) => number): number[][] =>
  Array.from({ length: tokens }, (_, token) =>
    Array.from({ length: size / 2 }, (_, i) => Math.fround(1.25 * f(angle(token, i)))),
  );
const [cosines, sines] = [table(Math.cos), table(Math.sin)];

/** Place of element `part` (0 or 1) of pair `i`. */
const places = {
  halves: (i: number, part: number) => i + (part * size) / 2,
  neighbours: (i: number, part: number) => 2 * i + part,
};

function rotated(x: Array64, pairs: keyof typeof places): Array64 {
  const result = compute(x.shape, () => 0);
  for (let token = 0; token < tokens; token++) {
    for (let head = 0; head < heads; head++) {
      for (let i = 0; i < size / 2; i++) {
        const [first, second] = [0, 1].map(part => places[pairs](i, part));
        const [a, b] = [at(x, token, head, first), at(x, token, head, second)];
        const [c, s] = [cosines[token][i], sines[token][i]];
        const row = (token * heads + head) * size;
        result.data[row + first] = a * c - b * s;
        result.data[row + second] = b * c + a * s;
      }
    }
  }
  return result;
}

const rotations = (['halves', 'neighbours'] as const).map((pairs): OperatorCase => ({
  operator: 'rotatePairs',
  title: pairs,
  inputs: [{ shape: [tokens, heads, size], declared: ['tokens', heads, size] }],
  build: x => {
    const [cos, sin] = [cosines, sines].map(rows => x.graph.float(rows.flat(), [tokens, size / 2]));
    return rotatePairs(x, { cos, sin }, pairs);
  },
  reference: x => rotated(x, pairs),
  tensorflow: x => {
    const order = Array.from({ length: size }, (_, place) => place);
    const firsts = order.slice(0, size / 2).map(i => places[pairs](i, 0));
    const seconds = order.slice(0, size / 2).map(i => places[pairs](i, 1));
    const [a, b] = [firsts, seconds].map(list => tf.gather(x, list, 2));
    const [cos, sin] = [cosines, sines].map(rows => tf.tensor(rows).expandDims(1));
    const turned = tf.concat(
      [tf.sub(tf.mul(a, cos), tf.mul(b, sin)), tf.add(tf.mul(b, cos), tf.mul(a, sin))],
      2,
    );
    const inverse = [...firsts, ...seconds];
    return tf.gather(
      turned,
      order.map(place => inverse.indexOf(place)),
      2,
    );
  },
}));

describeOperators(operators, [...norms, ...rotations]);

it('a norm of rows of unknown length is refused', () => {
  const graph = new Graph();
  const [x, weight] = [graph.input('x', 'float32', [2, 'n']), graph.input('w', 'float32', ['n'])];
  expect(() => rootMeanSquareNorm(x, weight, epsilon)).toThrow('known length');
});
