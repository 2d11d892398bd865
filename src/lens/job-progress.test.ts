/** @file Progress over phases of different length. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Progress } from '../protocol/jobs';
import { JobProgress } from './job-progress';

describe('JobProgress', () => {
  const reports: Progress[] = [];
  let progress: JobProgress;
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
    reports.length = 0;
    const phases = [
      { name: 'count', work: 1 },
      { name: 'tune', work: 3 },
    ];
    progress = new JobProgress(phases, { progress: report => reports.push(report) });
  });
  afterEach(() => vi.useRealTimers());
  const fractions = (): number[] => reports.map(({ fraction }) => fraction);

  it('weighs phases by their work', () => {
    progress.report('count', 0.5, '');
    progress.report('tune', 0, '');
    progress.report('tune', 0.5, 'step 5 of 10');
    progress.report('tune', 1, '');
    expect(fractions()).toEqual([1 / 8, 1 / 4, 5 / 8, 1]);
    expect(reports[2]).toMatchObject({ phase: 'tune', detail: 'step 5 of 10' });
  });

  it('never falls', () => {
    progress.report('tune', 0.5, '');
    progress.report('count', 0.5, '');
    progress.report('tune', 2, '');
    expect(fractions()).toEqual([5 / 8, 5 / 8, 1]);
  });

  it('estimates the time that is left from the time that has passed, but not from the first moments', () => {
    vi.advanceTimersByTime(10_000);
    progress.report('count', 0.01, '');
    progress.report('count', 1, '');
    expect(reports[0]).not.toHaveProperty('eta_seconds');
    expect(reports[1].eta_seconds).toBeCloseTo(30, 6);
  });

  it('does not estimate it from what an interrupted run did', () => {
    vi.advanceTimersByTime(10_000);
    progress.report('count', 1, ''); // a quarter of the work
    progress.skip('tune', 1 / 3); // another one
    progress.report('tune', 1 / 3, '');
    vi.advanceTimersByTime(10_000);
    progress.report('tune', 2 / 3, '');
    expect(fractions()).toEqual([1 / 4, 1 / 2, 3 / 4]);
    expect(reports.map(report => report.eta_seconds)).toEqual(
      [30, 20, 10].map(s => expect.closeTo(s, 6) as number),
    );
  });

  it('reports beginning and end of a phase and keeps its seconds', async () => {
    const result = await progress.time('count', () => {
      vi.advanceTimersByTime(2500);
      return Promise.resolve(42);
    });
    expect(result).toBe(42);
    expect(fractions()).toEqual([0, 1 / 4]);
    expect(progress.timings()).toEqual({ count: 2.5 });
  });

  it('keeps no seconds of a phase that failed', async () => {
    await expect(progress.time('tune', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(progress.timings()).toEqual({});
  });

  it('counts a job without work as it goes, without dividing by 0', () => {
    new JobProgress([{ name: 'none', work: 0 }], { progress: report => reports.push(report) }).report(
      'none',
      1,
      '',
    );
    expect(fractions().every(Number.isFinite)).toBe(true);
  });
});
