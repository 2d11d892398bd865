import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Graph } from './graph';
import { cutModel } from './onnx-model';
import { conditional } from './operators/conditional';
import { add, cast, compare, exponential, multiply, negate } from './operators/elementwise';
import { rootMeanSquareNorm } from './operators/fused';
import { linear } from './operators/linear-algebra';
import { Session } from './session';
import { evaluate, floats, graphOf, numbers, operatorsOf } from './testing/evaluate';

const names = (list: readonly { name: string }[]): string[] => list.map(({ name }) => name);

describe('what a cut model contains', () => {
  it('nodes, inputs and constants that the outputs do not need are left out', () => {
    const graph = new Graph();
    const [a, b] = ['a', 'b'].map(name => graph.input(name, 'float32', ['n']));
    const output = add(a, graph.float(1));
    negate(multiply(b, graph.float(2)));
    const model = cutModel(graph, [output]);
    const decoded = graphOf(model);
    expect(operatorsOf(decoded)).toEqual(['Add']);
    expect(names(decoded.input)).toEqual(['a']);
    expect(decoded.initializer).toHaveLength(1);
    expect(names(model.inputs)).toEqual(['a']);
    expect(model.usesExternalData).toBe(false);
  });

  it('given values become inputs, and what only they needed is left out', async () => {
    const graph = new Graph();
    const a = graph.input('a', 'float32', [2]);
    const middle = exponential(a);
    const output = multiply(middle, a);
    const model = cutModel(graph, [output], [middle]);
    expect(operatorsOf(graphOf(model))).toEqual(['Mul']);
    expect(names(model.inputs)).toEqual([middle.name, 'a']);
    const feeds = new Map([
      [a, floats([2, 3])],
      [middle, floats([10, 100])],
    ]);
    const [actual] = await evaluate(graph, [output], feeds);
    expect(numbers(actual)).toEqual([20, 300]);
  });

  it('one output of a node may be given and another one computed', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [1, 2]);
    const { output, inverse } = rootMeanSquareNorm(x, graph.float([1, 1]), 0);
    const feeds = new Map([
      [x, floats([3, 3], [1, 2])],
      [inverse, floats([10], [1, 1])],
    ]);
    const [actual] = await evaluate(graph, [add(output, inverse)], feeds);
    expect(numbers(actual)).toEqual([11, 11]);
  });

  it('given values that are not needed are not asked for', () => {
    const graph = new Graph();
    const a = graph.input('a', 'float32', [2]);
    const model = cutModel(graph, [negate(a)], [exponential(a)]);
    expect(names(model.inputs)).toEqual(['a']);
  });

  it('an output that is an input, a constant, or asked for twice', async () => {
    const graph = new Graph();
    const a = graph.input('a', 'float32', [2]);
    const constant = graph.float([3, 4]);
    const results = await evaluate(graph, [a, constant, a], new Map([[a, floats([1, 2])]]));
    expect(results.map(numbers)).toEqual([
      [1, 2],
      [3, 4],
      [1, 2],
    ]);
  });

  it('outputs of branches that nothing uses are left out, and what only they needed', async () => {
    const graph = new Graph();
    const [a, b] = ['a', 'b'].map(name => graph.input(name, 'float32', [2]));
    const [, second] = conditional(
      compare('Greater', graph.int([1]), graph.int([0])),
      () => [exponential(b), negate(a)],
      () => [b, a],
    );
    const model = cutModel(graph, [second]);
    expect(names(model.inputs)).toEqual(['a']);
    const [actual] = await evaluate(graph, [second], new Map([[a, floats([2, 3])]]));
    expect(numbers(actual)).toEqual([-2, -3]);
  });

  it('dead nodes inside branches are left out too, and what only they captured', () => {
    const graph = new Graph();
    const [a, b] = ['a', 'b'].map(name => graph.input(name, 'float32', [2]));
    const [output] = conditional(
      compare('Greater', graph.int([1]), graph.int([0])),
      () => {
        negate(b);
        return [exponential(a)];
      },
      () => [a],
    );
    const model = cutModel(graph, [output]);
    expect(operatorsOf(graphOf(model))).toEqual(['Greater', 'If', 'Exp', 'Identity']);
    expect(names(model.inputs)).toEqual(['a']);
  });

  it('equal constants are stored once, those of other types or shapes apart', () => {
    const graph = new Graph();
    expect(graph.float([1, 2])).toBe(graph.float([1, 2]));
    expect(graph.int([1, 2])).toBe(graph.int([1, 2]));
    expect(graph.float([1, 2], [2, 1])).not.toBe(graph.float([1, 2]));
    expect(graph.float([1, 2])).not.toBe(graph.float([2, 1]));
    expect(graph.float(0)).not.toBe(graph.float(-0));
    const x = graph.input('x', 'float32', [2]);
    const output = add(multiply(x, graph.float([1, 2])), graph.float([1, 2]));
    expect(graphOf(cutModel(graph, [output])).initializer).toHaveLength(1);
  });

  it('constants recorded inside a branch serve outside of it', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2]);
    const [inside] = conditional(
      compare('Less', graph.int([1]), graph.int([0])),
      () => [multiply(x, graph.float([5, 6]))],
      () => [x],
    );
    const output = add(inside, graph.float([5, 6]));
    const [actual] = await evaluate(graph, [output], new Map([[x, floats([1, 2])]]));
    expect(numbers(actual)).toEqual([6, 8]);
  });

  it('names the nodes that touch float16, in branches too', () => {
    const graph = new Graph();
    const stored = { location: 'w', offset: 0, byteLength: 4 };
    const half = graph.external('half', 'float16', [2], stored);
    const brain = graph.external('brain', 'bfloat16', [2], stored);
    const outside = cast(half, 'float32');
    const [inside] = conditional(
      compare('Less', graph.int([1]), graph.int([0])),
      () => [negate(cast(half, 'float32'))],
      () => [cast(brain, 'float32')],
    );
    const model = cutModel(graph, [add(outside, inside)]);
    const { node } = graphOf(model);
    const branch = node.flatMap(({ attribute }) => attribute).find(({ name }) => name === 'then_branch');
    const casts = [...node, ...(branch?.g?.node ?? [])].filter(({ opType }) => opType === 'Cast');
    expect(casts).toHaveLength(2);
    expect(model.halfPrecisionNodes).toEqual(casts.map(({ name }) => name));
  });

  it('symbolic dimensions keep their names', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['tokens', 4]);
    const [output] = graphOf(cutModel(graph, [negate(x)])).output;
    const type = output.type?.value;
    const dim = type?.case === 'tensorType' ? type.value.shape?.dim : undefined;
    expect(dim?.map(({ value }) => value.value)).toEqual(['tokens', 4n]);
  });
});

describe('running', () => {
  it('a run that lacks an input is refused by name; surplus feeds are ignored', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2]);
    const output = negate(x);
    const session = await Session.create(cutModel(graph, [output]), {
      executionProvider: 'cpu',
      memoryMode: 'resident',
      threads: 1,
    });
    await expect(session.run({ y: floats([1, 2]) })).rejects.toThrow('the run lacks input "x"');
    const results = await session.run({ x: floats([1, 2]), y: floats([3]) });
    expect(numbers(results[output.name])).toEqual([-1, -2]);
    await session.release();
  });

  it('errors of the runtime say where they come from', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2]);
    await expect(evaluate(graph, [negate(x)], new Map([[x, floats([1, 2, 3])]]))).rejects.toThrow(
      /^ONNX Runtime: .*x/,
    );
  });

  it('outputs of types that do not cross the border are refused', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2]);
    const mask = compare('Equal', x, x);
    await expect(evaluate(graph, [mask], new Map([[x, floats([1, 2])]]))).rejects.toThrow(
      `output "${mask.name}" has a type that is not read here`,
    );
  });
});

describe('weights that stay in their file', () => {
  // Bytes before the tensors stand for the header of a safetensors file: offsets need no alignment to pages.
  const header = 24;
  const single = Float32Array.of(1.5, -2, 0.25, 3);
  // The upper halves of the float32 patterns of 1, −2, 0.5 and 3.
  const brain = Uint16Array.of(0x3f80, 0xc000, 0x3f00, 0x4040);
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'router-lens-weights-'));
    const bytes = [Buffer.alloc(header, 0xff), Buffer.from(single.buffer), Buffer.from(brain.buffer)];
    await writeFile(join(folder, 'model.safetensors'), Buffer.concat(bytes));
  });
  afterAll(() => rm(folder, { recursive: true }));

  function record() {
    const graph = new Graph();
    const location = 'model.safetensors';
    const first = graph.external('first', 'float32', [2, 2], { location, offset: header, byteLength: 16 });
    const second = graph.external('second', 'bfloat16', [2, 2], {
      location,
      offset: header + 16,
      byteLength: 8,
    });
    const x = graph.input('x', 'float32', [1, 2]);
    return { graph, first, second, x };
  }

  it.each(['resident', 'mapped'] as const)('are read at their offsets, %s', async memoryMode => {
    const { graph, first, second, x } = record();
    const outputs = [linear(x, first), linear(x, cast(second, 'float32'))];
    const feeds = new Map([[x, floats([10, 1], [1, 2])]]);
    const results = await evaluate(graph, outputs, feeds, { memoryMode, weightsFolder: folder });
    // [1.5, −2; 0.25, 3] · [10, 1] and [1, −2; 0.5, 3] · [10, 1]
    expect(results.map(numbers)).toEqual([
      [13, 5.5],
      [8, 8],
    ]);
  });

  it('are referred to, not copied, and only if needed', () => {
    const { graph, first, x } = record();
    const model = cutModel(graph, [linear(x, first)]);
    expect(model.usesExternalData).toBe(true);
    const { initializer } = graphOf(model);
    expect(names(initializer)).toEqual(['first']);
    expect(initializer[0].rawData).toHaveLength(0);
    expect(Object.fromEntries(initializer[0].externalData.map(({ key, value }) => [key, value]))).toEqual({
      location: 'model.safetensors',
      offset: '24',
      length: '16',
    });
  });

  it('may be given instead: a tuned weight in place of the one in the file', async () => {
    const { graph, first, x } = record();
    const output = linear(x, first);
    const feeds = new Map([
      [x, floats([10, 1], [1, 2])],
      [first, floats([1, 0, 0, 1], [2, 2])],
    ]);
    const [actual] = await evaluate(graph, [output], feeds);
    expect(numbers(actual)).toEqual([10, 1]);
  });

  it('in a file that is not there: an error that names it', async () => {
    const graph = new Graph();
    const weight = graph.external('w', 'float32', [2], { location: 'absent.bin', offset: 0, byteLength: 8 });
    const run = evaluate(graph, [negate(weight)], new Map(), { weightsFolder: folder });
    await expect(run).rejects.toThrow('absent.bin');
  });
});
