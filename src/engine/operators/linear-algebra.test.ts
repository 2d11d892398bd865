import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';

import { Graph } from '../graph';
import { at, compute, sum } from '../testing/array64';
import { type CaseInput, describeOperators, type OperatorCase } from '../testing/operator-cases';
import * as operators from './linear-algebra';

const { batchedProduct, linear, matrixProduct } = operators;

const transpositions = [
  { transposeA: false, transposeB: false },
  { transposeA: false, transposeB: true },
  { transposeA: true, transposeB: false },
  { transposeA: true, transposeB: true },
].map(({ transposeA, transposeB }): OperatorCase => ({
  operator: 'matrixProduct',
  title: `${transposeA ? 'aᵀ' : 'a'} · ${transposeB ? 'bᵀ' : 'b'}`,
  inputs: [transposeA ? [4, 3] : [3, 4], transposeB ? [5, 4] : [4, 5]],
  build: (a, b) => matrixProduct(a, b, { transposeA, transposeB }),
  reference: (a, b) =>
    compute([3, 5], (row, column) =>
      sum(
        4,
        i =>
          (transposeA ? at(a, i, row) : at(a, row, i)) * (transposeB ? at(b, column, i) : at(b, i, column)),
      ),
    ),
  tensorflow: (a, b) => tf.matMul(a, b, transposeA, transposeB),
}));

const stacks: { title: string; a: CaseInput; b: CaseInput; leading: number[] }[] = [
  { title: 'plain matrices', a: { shape: [3, 4] }, b: { shape: [4, 5] }, leading: [] },
  { title: 'equal stacks', a: { shape: [2, 3, 4] }, b: { shape: [2, 4, 5] }, leading: [2] },
  { title: 'one matrix on the right', a: { shape: [2, 3, 4] }, b: { shape: [4, 5] }, leading: [2] },
  { title: 'one matrix on the left', a: { shape: [3, 4] }, b: { shape: [2, 4, 5] }, leading: [2] },
  {
    title: 'stacks of one stretched',
    a: { shape: [2, 1, 3, 4] },
    b: { shape: [1, 3, 4, 5] },
    leading: [2, 3],
  },
  {
    title: 'symbolic stacks and rows',
    a: { shape: [2, 3, 3, 4], declared: ['batch', 'heads', 'rows', 4] },
    b: { shape: [2, 1, 4, 5], declared: ['batch', 1, 4, 5] },
    leading: [2, 3],
  },
];

describeOperators(operators, [
  ...transpositions,
  {
    operator: 'matrixProduct',
    title: 'a matrix by itself',
    inputs: [[3, 3]],
    build: x => matrixProduct(x, x),
    reference: x => compute([3, 3], (row, column) => sum(3, i => at(x, row, i) * at(x, i, column))),
    tensorflow: x => tf.matMul(x, x),
  },
  {
    operator: 'linear',
    title: 'rows of symbolic number',
    inputs: [{ shape: [3, 4], declared: ['n', 4] }, [5, 4]],
    build: linear,
    reference: (x, weight) => compute([3, 5], (row, out) => sum(4, i => at(x, row, i) * at(weight, out, i))),
    tensorflow: (x, weight) => tf.matMul(x, weight, false, true),
  },
  ...stacks.map(({ title, a, b, leading }): OperatorCase => ({
    operator: 'batchedProduct',
    title,
    inputs: [a, b],
    build: batchedProduct,
    reference: (a, b) =>
      compute([...leading, 3, 5], (...index) => {
        const [stack, [row, column]] = [index.slice(0, -2), index.slice(-2)];
        return sum(4, i => at(a, ...stack, row, i) * at(b, ...stack, i, column));
      }),
    // Its product broadcasts, but the gradient of that does not.
    tensorflow: (a, b) =>
      tf.matMul(tf.broadcastTo(a, [...leading, 3, 4]), tf.broadcastTo(b, [...leading, 4, 5])),
  })),
]);

it('products of unfitting shapes are refused', () => {
  const graph = new Graph();
  const a = graph.input('a', 'float32', ['n', 4]);
  const b = graph.input('b', 'float32', [5, 3]);
  const list = graph.input('list', 'float32', [4]);
  expect(() => matrixProduct(a, b)).toThrow('matrix product of [n, 4] and [5, 3]');
  expect(() => matrixProduct(a, list)).toThrow('matrix product of [n, 4] and [4]');
  expect(() => batchedProduct(a, b)).toThrow('matrix product of [n, 4] and [5, 3]');
  expect(() => batchedProduct(list, b)).toThrow('matrix product of [4] and [5, 3]');
});
