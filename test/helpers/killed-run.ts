/** @file Runs that train, killed at moments drawn at random and resumed each time. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { expect } from 'vitest';

import { Random } from '../../src/common/random';
import { isHeld } from '../../src/common/run-lock';
import { runFiles } from '../../src/protocol/artifacts';
import { startCli } from './cli';

export interface KilledRun {
  /** Arguments that begin the run, and that go on with it. */
  readonly start: readonly string[];
  readonly resume: readonly string[];
  readonly folder: string;
  /** Updates of the whole run. */
  readonly steps: number;
  readonly kills: number;
  readonly seed: number;
}

/** Milliseconds between two looks at what the run has written. */
const lookEvery = 5;

/**
 * Begins a run, kills its process with SIGKILL a few times, and lets it go on to its end. Each time it is killed some
 * milliseconds after so many lines of its metrics; the first time as soon as it has begun, before it trains.
 */
export async function killedAndResumed(run: KilledRun): Promise<void> {
  const random = new Random(run.seed);
  const drawn = Array.from({ length: run.kills - 1 }, () => 1 + random.integer(0.8 * run.steps));
  const moments = [0, ...drawn.sort((a, b) => a - b)];
  for (const [i, lines] of moments.entries()) {
    const { child, result } = startCli(i === 0 ? run.start : run.resume);
    const isThere = (): boolean =>
      existsSync(path.join(run.folder, runFiles.run)) && metricLines(run.folder) >= lines;
    while (!isThere() && child.exitCode === null) await pause(lookEvery);
    await pause(random.integer(40));
    expect(isHeld(run.folder)).toBe(true);
    child.kill('SIGKILL');
    const { code, stderr } = await result;
    // No exit code: a signal has ended it, and it was not done before.
    expect([code, code === null ? '' : stderr]).toEqual([null, '']);
    expect(isHeld(run.folder)).toBe(false);
  }
  const { code, stderr } = await startCli(run.resume).result;
  expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
}

function metricLines(folder: string): number {
  const file = path.join(folder, runFiles.metrics);
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds));
}
