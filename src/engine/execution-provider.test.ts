/** @file The choice among providers that were tried, and the message about one that does not work. */
import { describe, expect, it } from 'vitest';

import { InputError } from '../common/errors';
import { chooseAutomatically, resolveExecutionProvider } from './execution-provider';
import type { Obstacle, Trial } from './provider-trial';
import { type ExecutionProvider, runtimeProviders } from './session';

describe('auto', () => {
  const cpu = { milliseconds: 40 };
  const choose = (
    results: Partial<Record<ExecutionProvider, Trial | Obstacle>>,
  ): ReturnType<typeof chooseAutomatically> =>
    chooseAutomatically(cpu, new Map(Object.entries(results) as [ExecutionProvider, Trial | Obstacle][]));

  it('falls back to the CPU and says what is wrong with the others', () => {
    expect(
      choose({ cuda: { obstacle: 'its libraries are not installed' }, webgpu: { obstacle: 'No adapters' } }),
    ).toEqual({
      executionProvider: 'cpu',
      line: 'Execution provider: cpu (cuda: its libraries are not installed; webgpu: No adapters)',
    });
  });

  it('takes a provider that is faster than the CPU', () => {
    expect(choose({ cuda: { obstacle: 'none' }, webgpu: { milliseconds: 3.4 } })).toEqual({
      executionProvider: 'webgpu',
      line: 'Execution provider: webgpu (cuda: none; webgpu: faster in a trial, 3 ms, the CPU 40 ms)',
    });
  });

  it('does not take one that is slower', () => {
    expect(choose({ webgpu: { milliseconds: 400 } })).toEqual({
      executionProvider: 'cpu',
      line: 'Execution provider: cpu (webgpu: slower in a trial, at least 400 ms, the CPU 40 ms)',
    });
  });

  it('takes the first of several', () => {
    expect(choose({ cuda: { milliseconds: 2 }, webgpu: { milliseconds: 1 } })).toEqual({
      executionProvider: 'cuda',
      line: 'Execution provider: cuda (cuda: faster in a trial, 2 ms, the CPU 40 ms; webgpu: not needed)',
    });
  });
});

describe('a provider that was asked for', () => {
  it('is the CPU without further ado', async () => {
    expect(await resolveExecutionProvider('cpu')).toBe('cpu');
  });

  // No build of ONNX Runtime knows both Core ML and DirectML.
  const absent = (['coreml', 'dml'] as const).filter(name => !runtimeProviders().has(name));

  it.each(absent)('fails with a message that says what to do: %s', async name => {
    const failure = resolveExecutionProvider(name);
    await expect(failure).rejects.toBeInstanceOf(InputError);
    await expect(failure).rejects.toThrow(
      new RegExp(
        `^Execution provider ${name} does not work here: not in ONNX Runtime for .* Or choose cpu or auto\\.$`,
      ),
    );
  });
});
