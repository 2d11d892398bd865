/** @file The countdown of an engine without work. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { IdleStop } from './idle-stop';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const minute = 60_000;

function counting(minutes: () => number): { idle: IdleStop; stops: () => number } {
  const stop = vi.fn();
  return { idle: new IdleStop(minutes, stop), stops: () => stop.mock.calls.length };
}

test('ten minutes of rest end it, once', () => {
  const { idle, stops } = counting(() => 10);
  idle.rest();
  vi.advanceTimersByTime(10 * minute - 1);
  expect(stops()).toBe(0);
  vi.advanceTimersByTime(1);
  expect(stops()).toBe(1);
  vi.advanceTimersByTime(60 * minute);
  expect(stops()).toBe(1);
});

test('work holds it, and the next rest begins anew', () => {
  const { idle, stops } = counting(() => 10);
  idle.rest();
  vi.advanceTimersByTime(9 * minute);
  idle.work();
  vi.advanceTimersByTime(60 * minute);
  expect(stops()).toBe(0);
  idle.rest();
  vi.advanceTimersByTime(9 * minute);
  idle.rest(); // another job that was waited for is over, too
  vi.advanceTimersByTime(9 * minute);
  expect(stops()).toBe(0);
  vi.advanceTimersByTime(minute);
  expect(stops()).toBe(1);
});

test('0 is never; the setting is read at each rest', () => {
  let minutes = 0;
  const { idle, stops } = counting(() => minutes);
  idle.rest();
  vi.advanceTimersByTime(24 * 60 * minute);
  expect(stops()).toBe(0);
  minutes = 0.5;
  idle.rest();
  vi.advanceTimersByTime(minute / 2);
  expect(stops()).toBe(1);
});
