/** @file Jobs run one at a time, in order, and waiting ones can be cancelled. */
import { expect, test } from 'vitest';

import { CancelledError } from '../common/errors';
import { JobQueue } from './job-queue';

test('a job starts when the one before has ended, even if that failed', async () => {
  const queue = new JobQueue();
  const events: string[] = [];
  const job =
    (name: string, fail = false) =>
    async (): Promise<string> => {
      events.push(`${name} starts`);
      await Promise.resolve();
      events.push(`${name} ends`);
      if (fail) throw new Error(name);
      return name;
    };
  const { signal } = new AbortController();
  const outcomes = await Promise.allSettled([queue.run(job('a', true), signal), queue.run(job('b'), signal)]);
  expect(events).toEqual(['a starts', 'a ends', 'b starts', 'b ends']);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
});

test('a job that is cancelled while it waits never starts', async () => {
  const queue = new JobQueue();
  const cancelled = new AbortController();
  let started = false;
  const first = queue.run(() => Promise.resolve(), new AbortController().signal);
  const second = queue.run(() => Promise.resolve((started = true)), cancelled.signal);
  cancelled.abort();
  await first;
  await expect(second).rejects.toBeInstanceOf(CancelledError);
  await queue.idle();
  expect(started).toBe(false);
});
