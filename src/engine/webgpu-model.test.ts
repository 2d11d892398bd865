import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { expect, it } from 'vitest';

import { Graph } from './graph';
import { cutModel } from './onnx-model';
import { concat } from './operators/shaping';
import { Session } from './session';
import { floats, numbers } from './testing/evaluate';
import { withJoinsOfFewParts } from './webgpu-model';

it.each([1, 7, 8, 50, 400])('joins of %s parts give the same with few parts each', async count => {
  const graph = new Graph();
  const x = graph.input('x', 'float32', [1, 2]);
  const parts = Array.from({ length: count }, (_, i) => (i === 0 ? x : graph.float([i, -i], [1, 2])));
  const model = cutModel(graph, [concat(parts, 0)]);
  const bytes = withJoinsOfFewParts(model.bytes);

  const nodes = fromBinary(ModelProtoSchema, bytes).graph?.node ?? [];
  expect(Math.max(...nodes.map(({ input }) => input.length))).toBeLessThanOrEqual(7);
  const session = await Session.create(
    { ...model, bytes },
    { executionProvider: 'cpu', memoryMode: 'mapped', threads: 1 },
  );
  const { [model.outputs[0].name]: actual } = await session.run({ x: floats([0.5, 0.25], [1, 2]) });
  await session.release();
  expect(numbers(actual)).toEqual([0.5, 0.25, ...parts.slice(1).flatMap((_, i) => [i + 1, -i - 1])]);
});
