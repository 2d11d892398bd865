/** @file Parts are loaded once, when they are needed, and only what was loaded is disposed of. */
import { expect, test, vi } from 'vitest';

import { LazyPart } from './lazy-part';

test('it is loaded when it is first needed, and once', async () => {
  const load = vi.fn(() => Promise.resolve({}));
  const part = new LazyPart(load);
  expect(load).not.toHaveBeenCalled();
  const [first, second] = await Promise.all([part.get(), part.get()]);
  expect(second).toBe(first);
  expect(await part.get()).toBe(first);
  expect(load).toHaveBeenCalledOnce();
});

test('what failed is told to whoever needed it, and tried again', async () => {
  const made = {};
  const load = vi.fn().mockRejectedValueOnce(new Error('no such file')).mockResolvedValueOnce(made);
  const part = new LazyPart(load);
  await expect(part.get()).rejects.toThrow('no such file');
  expect(await part.get()).toBe(made);
});

test('it is disposed of if it was loaded', async () => {
  const dispose = vi.fn();
  const load = vi.fn(() => Promise.resolve({ dispose }));
  new LazyPart(load).dispose();
  expect(load).not.toHaveBeenCalled();
  const part = new LazyPart(load);
  await part.get();
  part.dispose();
  await vi.waitFor(() => expect(dispose).toHaveBeenCalledOnce());
});
