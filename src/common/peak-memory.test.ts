/** @file The sampled peak against memory that is taken on purpose. */
import { existsSync } from 'node:fs';

import { expect, it } from 'vitest';

import { PeakMemory } from './peak-memory';

it.skipIf(!existsSync('/proc/self/status'))(
  'sees memory that was taken and given back in between',
  async () => {
    const memory = new PeakMemory();
    const before = await memory.read();
    const taken = 200e6;
    const during = await memory.during(async () => {
      let block: Uint8Array | undefined = new Uint8Array(taken).fill(1);
      // Long enough for a sample while the block is there.
      await new Promise(resolve => setTimeout(resolve, 100));
      block = undefined;
      return block;
    });
    await memory.stop();
    expect(before).toBeGreaterThan(1e6);
    expect(during * 1e9).toBeGreaterThan(taken);
  },
);
