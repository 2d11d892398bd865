/** @file A small model that a provider must run, and run right, before it is used. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';

import { messageOf } from '../common/errors';
import { Graph } from './graph';
import { cutModel } from './onnx-model';
import { matrixProduct } from './operators/linear-algebra';
import { type ExecutionProvider, runtimeProviders, Session } from './session';

/** The provider works, and takes at least this long. */
export interface Trial {
  readonly milliseconds: number;
}
/** Why it does not work here. */
export interface Obstacle {
  readonly obstacle: string;
}

/** The model multiplies some rows with a square matrix, several times in a row. */
const width = 512;
const products = 8;
/** As many as show whether it works: 17 MFLOP. As many as are worth timing: 2 GFLOP. */
const rows = { few: 4, all: width };

/**
 * Creates a session, runs it, and compares with what must come out.
 * @param limit milliseconds that are of interest: a provider that takes longer for a few rows already is timed no
 * further, as a whole trial would take a Vulkan device in software half a minute
 */
export async function tryProvider(provider: ExecutionProvider, limit = 0): Promise<Trial | Obstacle> {
  const missing = missingPart(provider);
  if (missing !== undefined) return { obstacle: missing };
  try {
    return await runTrial(provider, limit);
  } catch (error) {
    return { obstacle: cause(messageOf(error)) };
  }
}

/** Why ONNX Runtime need not even try. */
function missingPart(provider: ExecutionProvider): string | undefined {
  if (!runtimeProviders().has(provider)) return `not in ONNX Runtime for ${process.platform} ${process.arch}`;
  if (provider === 'cuda' && !existsSync(cudaLibrary())) return 'its libraries are not installed';
  return undefined;
}

/** Not in the npm package: its install script fetches it. */
function cudaLibrary(): string {
  const folder = path.dirname(require.resolve('onnxruntime-node/package.json'));
  const { platform, arch } = process;
  return path.join(folder, 'bin/napi-v6', platform, arch, 'libonnxruntime_providers_cuda.so');
}

/** The runtime's messages begin with a place in its source and end with the cause. */
function cause(message: string): string {
  const sentence = message.trim().replace(/\s+/g, ' ').split(' was false. ').at(-1) ?? '';
  return sentence.replace(/[.\s]+$/, '').slice(0, 200);
}

async function runTrial(executionProvider: ExecutionProvider, limit: number): Promise<Trial | Obstacle> {
  const graph = new Graph();
  const x = graph.input('x', 'float32', ['rows', width]);
  const matrix = graph.input('matrix', 'float32', [width, width]);
  let y = x;
  for (let i = 0; i < products; i++) y = matrixProduct(y, matrix);
  const session = await Session.create(cutModel(graph, [y]), {
    executionProvider,
    memoryMode: 'resident',
    threads: availableParallelism(),
  });
  const run = async (count: number): Promise<Trial | Obstacle> => {
    const feeds = {
      x: { data: rotation(1).subarray(0, count * width), shape: [count, width] },
      matrix: { data: rotation(1), shape: [width, width] },
    };
    // The first run compiles kernels.
    await session.run(feeds);
    const started = performance.now();
    const { data } = (await session.run(feeds))[y.name];
    const milliseconds = performance.now() - started;
    return computesRight(data, count) ? { milliseconds } : { obstacle: 'it computes wrong numbers' };
  };
  try {
    const first = await run(rows.few);
    return 'obstacle' in first || first.milliseconds >= limit ? first : await run(rows.all);
  } finally {
    await session.release();
  }
}

/** Rotates pairs of neighbours, each by an angle of its own, `times` times: a power is known without computing it. */
function rotation(times: number): Float32Array {
  const matrix = new Float32Array(width * width);
  for (let i = 0; i < width; i += 2) {
    const [cos, sin] = [Math.cos(times * (i + 1)), Math.sin(times * (i + 1))];
    matrix.set([cos, -sin], i * width + i);
    matrix.set([sin, cos], (i + 1) * width + i);
  }
  return matrix;
}

/** Within a hundredth of the largest element: TensorFloat-32 and float16 pass, nonsense does not. */
function computesRight(output: ArrayLike<number | bigint>, count: number): boolean {
  const expected = rotation(products + 1).subarray(0, count * width);
  return expected.every((value, i) => Math.abs(Number(output[i]) - value) < 0.01);
}
