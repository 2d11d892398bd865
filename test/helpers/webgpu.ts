/** @file Whether WebGPU works in this process, and how its results are compared with the CPU's. */
import { expect } from 'vitest';

import { tryProvider } from '../../src/engine/provider-trial';
import type { HostTensor } from '../../src/engine/session';
import { largestDifference } from './golden';

/** Why WebGPU tests are skipped; undefined: they run. With a software device at hand nothing excuses a failure. */
export async function webgpuObstacle(): Promise<string | undefined> {
  if (process.env.VK_DRIVER_FILES) return undefined;
  const result = await tryProvider('webgpu');
  return 'obstacle' in result ? result.obstacle : undefined;
}

/** Within a thousandth of the tensor's largest magnitude. */
export function expectSame(actual: HostTensor | undefined, expected: HostTensor | undefined): void {
  const values = floats(expected);
  expect(actual?.shape).toEqual(expected?.shape);
  const largest = values.reduce((magnitude, value) => Math.max(magnitude, Math.abs(value)), 0);
  expect(largest).toBeGreaterThan(0);
  expect(largestDifference(floats(actual), values)).toBeLessThanOrEqual(1e-3 * largest);
}

export function floats(tensor: HostTensor | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) throw new Error('expected float32 values');
  return tensor.data;
}
