/** @file The queue of merges. */
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { MergeQueue } from './merge-queue';

test('gives out by rank, then by position', () => {
  const entry = fc.record({ rank: fc.nat(2 ** 21 - 1), position: fc.nat(2 ** 32 - 1) });
  fc.assert(
    fc.property(fc.array(entry), entries => {
      const queue = new MergeQueue();
      for (const { rank, position } of entries) queue.push(rank, position);
      const sorted = [...entries].sort((a, b) => a.rank - b.rank || a.position - b.position);
      expect(entries.map(() => queue.pop())).toEqual(sorted);
      expect(queue.pop()).toBeUndefined();
    }),
  );
});
