/** @file Experts that no token goes to: joins of many parts of which most are empty. */
import { describe, expect, it } from 'vitest';

import { Graph, type Tensor } from '../../src/engine/graph';
import { joinRows, splitRows } from '../../src/engine/operators/rows';
import type { HostTensor } from '../../src/engine/session';
import { evaluate, floats, integers, numbers } from '../../src/engine/testing/evaluate';
import { webgpuObstacle } from '../helpers/webgpu';

const obstacle = await webgpuObstacle();

describe.skipIf(obstacle !== undefined)('on WebGPU (skipped without a device)', () => {
  it.each([4, 8, 16, 64, 128])('the rows of the first and the third of %s groups are joined', async count => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['rows', 2]);
    const starts = graph.input('starts', 'int64', [count]);
    const lengths = graph.input('lengths', 'int64', [count]);
    const groups = { starts, lengths, count };
    const joined = joinRows(splitRows(x, groups), groups, 'rows');
    const group = Array.from({ length: count }, (_, i) => i);
    const feeds = new Map<Tensor, HostTensor>([
      [x, floats([1, 2, 3, 4, 5, 6], [3, 2])],
      [starts, integers(group.map(i => [0, 1, 1][i] ?? 3))],
      [lengths, integers(group.map(i => [1, 0, 2][i] ?? 0))],
    ]);
    const [actual] = await evaluate(graph, [joined], feeds, { executionProvider: 'webgpu' });
    expect(actual.shape).toEqual([3, 2]);
    expect(numbers(actual)).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
