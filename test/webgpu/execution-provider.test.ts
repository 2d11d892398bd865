/** @file `auto` on a machine whose only graphics device is computed by the CPU. */
import { describe, expect, it } from 'vitest';

import { resolveExecutionProvider } from '../../src/engine/execution-provider';

const software = /swiftshader|lvp/.test(process.env.VK_DRIVER_FILES ?? '');

describe.skipIf(!software)('with a Vulkan device in software (skipped without one)', () => {
  it('webgpu works when asked for', async () => {
    expect(await resolveExecutionProvider('webgpu')).toBe('webgpu');
  });

  it('auto takes the CPU, because it is faster, and says so once', async () => {
    const lines: string[] = [];
    const choices = await Promise.all(
      [1, 2].map(() => resolveExecutionProvider('auto', line => lines.push(line))),
    );
    expect(choices).toEqual(['cpu', 'cpu']);
    expect(lines).toEqual([
      expect.stringMatching(
        /^Execution provider: cpu \(cuda: .+; webgpu: slower in a trial, at least \d+ ms, the CPU \d+ ms\)$/,
      ),
    ]);
  });
});
