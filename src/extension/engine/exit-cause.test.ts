/** @file The words for how a process ended. */
import { expect, test } from 'vitest';

import { describeExit } from './exit-cause';

test.each([
  [{ code: null, signal: 'SIGKILL' as const }, /out of memory/],
  [{ code: 137, signal: null }, /out of memory/],
  [{ code: null, signal: 'SIGSEGV' as const }, /native crash \(SIGSEGV\)/],
  [{ code: 3221225477, signal: null }, /native crash \(exit code 3221225477\)/],
  [{ code: null, signal: 'SIGTERM' as const }, /signal SIGTERM/],
  [{ code: 1, signal: null }, /^exit code 1$/],
])('%j', (exit, text) => {
  expect(describeExit(exit)).toMatch(text);
});
