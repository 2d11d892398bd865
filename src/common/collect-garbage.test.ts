/** @file Buffers that nothing holds are gone after a collection. */
import { expect, it } from 'vitest';

import { collectGarbage } from './collect-garbage';

it('frees buffers that nothing holds', () => {
  const size = 300e6;
  const allocate = (): number => new Uint8Array(size).fill(1).length;
  collectGarbage();
  const before = process.memoryUsage().arrayBuffers;
  expect(allocate()).toBe(size);
  collectGarbage();
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(size / 10);
});
