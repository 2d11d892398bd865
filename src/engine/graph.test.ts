import { describe, expect, it } from 'vitest';

import { bytesPerElement, type DataType, onnxTypeCode } from './data-type';
import { Graph, type Tensor } from './graph';
import { add, negate } from './operators/elementwise';

describe('Graph', () => {
  it('refuses tensors of another graph, naming the operator and the tensor', () => {
    const mine = new Graph().input('mine', 'float32', [2]);
    const foreign = new Graph().input('foreign', 'float32', [2]);
    expect(() => add(mine, foreign)).toThrow('Add: "foreign" belongs to another graph');
  });

  it('refuses a name that is declared twice, as input or as weight', () => {
    const data = { location: 'weights', offset: 0, byteLength: 8 };
    const graph = new Graph();
    graph.input('x', 'float32', [2]);
    graph.external('w', 'float32', [2], data);
    expect(() => graph.input('x', 'int64', [3])).toThrow('"x" is declared twice');
    expect(() => graph.external('x', 'float32', [2], data)).toThrow('"x" is declared twice');
    expect(() => graph.external('w', 'float32', [2], data)).toThrow('"w" is declared twice');
  });

  it('records a composite as one entry of the tape, but all of its nodes', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2]);
    const [output] = graph.composite(
      'Twice',
      [x],
      () => [negate(negate(x))],
      () => [],
    );
    expect(graph.root.nodes.map(({ operator }) => operator)).toEqual(['Neg', 'Neg']);
    expect(graph.root.tape.map(({ operator, inputs, outputs }) => [operator, inputs, outputs])).toEqual([
      ['Twice', [x], [output]],
    ]);
  });

  it('records a body apart from its surroundings, even inside a composite', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2]);
    let body: ReturnType<Graph['body']> | undefined;
    graph.composite(
      'Owner',
      [x],
      () => {
        body = graph.body(() => [negate(x)]);
        return [negate(x)];
      },
      () => [],
    );
    expect(body?.scope.nodes).toHaveLength(1);
    expect(body?.scope.tape.map(({ operator }) => operator)).toEqual(['Neg']);
    expect(graph.root.nodes).toHaveLength(1);
    expect(graph.root.tape.map(({ operator }) => operator)).toEqual(['Owner']);
  });

  it('goes on recording outside after a body or a composite that failed', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2]);
    const fail = (): Tensor[] => {
      throw new Error('failed');
    };
    expect(() => graph.body(fail)).toThrow('failed');
    expect(() => graph.composite('Owner', [x], fail, () => [])).toThrow('failed');
    negate(x);
    expect(graph.root.tape.map(({ operator }) => operator)).toEqual(['Neg']);
  });

  it('gives constants the shape of a scalar or a list unless told', () => {
    const graph = new Graph();
    expect(graph.float(1).shape).toEqual([]);
    expect(graph.int([1, 2, 3]).shape).toEqual([3]);
    expect(graph.float([1, 2, 3, 4], [2, 2]).shape).toEqual([2, 2]);
  });
});

describe('data types', () => {
  it('have the codes of the ONNX standard', () => {
    expect(onnxTypeCode).toEqual({ float32: 1, int64: 7, bool: 9, float16: 10, bfloat16: 16 });
  });

  it('have the sizes of their arrays', () => {
    const types: DataType[] = ['float32', 'float16', 'bfloat16', 'int64', 'bool'];
    expect(types.map(type => bytesPerElement[type])).toEqual([4, 2, 2, 8, 1]);
  });
});
