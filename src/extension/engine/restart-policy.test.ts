/** @file The limit of restarts. */
import { expect, test } from 'vitest';

import { RestartPolicy } from './restart-policy';

test('four restarts in three minutes, then only as the old ones leave the window', () => {
  let now = 0;
  const policy = new RestartPolicy(() => now);
  expect([1, 2, 3, 4, 5].map(() => policy.tryRestart())).toEqual([true, true, true, true, false]);
  now = 180_000;
  expect(policy.tryRestart()).toBe(true);
});

test('the user can ask for more', () => {
  const policy = new RestartPolicy(() => 0);
  for (let i = 0; i < 5; i++) policy.tryRestart();
  policy.reset();
  expect(policy.tryRestart()).toBe(true);
});
