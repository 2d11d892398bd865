/** @file The engine client against a real child process that serves invented jobs. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';

import { CancelledError, InputError } from '../../common/errors';
import type { Progress } from '../../protocol/jobs';
import { Engine, type EngineState, TooManyCrashesError } from './engine';
import { EngineExitError } from './engine-exit-error';

const folder = mkdtempSync(path.join(tmpdir(), 'router-lens-engine-'));
const workerFile = path.join(folder, 'fake-worker.js');
const lines: string[] = [];
const log = {
  info: (line: string) => void lines.push(line),
  warn: (line: string) => void lines.push(line),
  error: (line: string) => void lines.push(line),
};
const crashes: EngineExitError[] = [];
const states: EngineState[] = [];
let engine: Engine;

beforeAll(async () => {
  await build({
    entryPoints: ['test/fixtures/fake-worker.ts'],
    bundle: true,
    platform: 'node',
    outfile: workerFile,
  });
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => engine.restart());

function newEngine(idleMinutes?: () => number): Engine {
  lines.length = crashes.length = states.length = 0;
  const events = {
    onCrash: (error: EngineExitError) => void crashes.push(error),
    onChange: () => {
      if (engine.state !== states.at(-1)) states.push(engine.state);
    },
  };
  engine = new Engine(workerFile, log, events, idleMinutes);
  return engine;
}

const sample = { kind: 'text', text: 'x' } as const;

test('starts on first need and answers', async () => {
  newEngine();
  expect([engine.pid, engine.state]).toEqual([undefined, 'off']);
  const summary = await engine.request('inspect', { folder: 'models/a' });
  expect(summary.path).toBe('models/a');
  expect(engine.pid).toBeTypeOf('number');
  expect(states).toEqual(['busy', 'idle']);
});

test('the kind of an error survives the process border', async () => {
  newEngine();
  const wrong = engine.request('inspect', { folder: 'input-error' });
  await expect(wrong).rejects.toBeInstanceOf(InputError);
  await expect(wrong).rejects.toThrow('config.json is missing.');
  const bug = await engine.request('inspect', { folder: 'bug' }).catch((error: unknown) => error);
  expect(bug).not.toBeInstanceOf(InputError);
  expect(String((bug as Error).stack)).toContain('fake-worker');
  expect(crashes).toEqual([]);
});

test('parameters that do not fit the schema are refused by the worker', async () => {
  newEngine();
  const request = { model: 'm', source: sample, max_seq_length: -1 };
  await expect(engine.request('traceRouting', request)).rejects.toThrow(/traceRouting: max_seq_length/);
});

test('progress, log lines and stderr arrive', async () => {
  newEngine();
  const progress: Progress[] = [];
  const shown: (Progress | undefined)[] = [];
  const view = await engine.request(
    'traceRouting',
    { model: 'm', source: sample },
    {
      progress: p => {
        progress.push(p);
        shown.push(engine.progress);
      },
    },
  );
  expect(view.model_name).toBe('m');
  // What runs can be looked at from outside, until it has ended.
  expect([shown, engine.progress]).toEqual([progress, undefined]);
  expect(progress).toEqual([{ phase: 'Tracing', fraction: 0, detail: 'begun' }]);
  expect(lines).toContain('trace m');
});

test('cancels what runs and what waits; looking at a folder does not wait', async () => {
  newEngine();
  const [first, second] = [new AbortController(), new AbortController()];
  const running = engine.request(
    'traceRouting',
    { model: 'until-cancelled', source: sample },
    { signal: first.signal },
  );
  const waiting = engine.request('traceRouting', { model: 'm', source: sample }, { signal: second.signal });
  const outcomes = Promise.allSettled([running, waiting]);
  await expect(engine.request('inspect', { folder: 'a' })).resolves.toMatchObject({ path: 'a' });
  second.abort();
  first.abort();
  for (const outcome of await outcomes)
    expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(CancelledError) as unknown });
});

test('a killed process rejects its job at once, says why, and the next job starts another', async () => {
  newEngine();
  await engine.request('inspect', { folder: 'a' });
  const pid = engine.pid;
  if (pid === undefined) throw new Error('no process');
  let begun = (): void => undefined;
  const hasBegun = new Promise<void>(resolve => (begun = resolve));
  const request = { model: 'until-cancelled', source: sample };
  const job = engine.request('traceRouting', request, { progress: () => begun() });
  await hasBegun;
  const killed = performance.now();
  process.kill(pid, 'SIGKILL');
  await expect(job).rejects.toThrow('killed (SIGKILL) – possibly out of memory');
  expect(performance.now() - killed).toBeLessThan(2000);
  expect(crashes).toHaveLength(1);
  // Messages of jobs are in the log; they say nothing about why a process ended.
  expect(crashes[0].output).not.toContain('trace until-cancelled');
  expect(engine.state).toBe('crashed');
  await expect(engine.request('inspect', { folder: 'b' })).resolves.toMatchObject({ path: 'b' });
  expect(engine.pid).not.toBe(pid);
});

test('an idle engine leaves, which is no crash; the next job starts another', async () => {
  let minutes = 0.1 / 60; // a tenth of a second
  newEngine(() => minutes);
  await engine.request('inspect', { folder: 'a' });
  const { pid } = engine;
  await vi.waitUntil(() => engine.state === 'off');
  expect([engine.pid, crashes]).toEqual([undefined, []]);
  expect(states).toEqual(['busy', 'idle', 'off']);
  minutes = 0;
  await engine.request('inspect', { folder: 'a' });
  expect(engine.pid).not.toBe(pid);
});

test('a restart by hand ends what runs and is no crash', async () => {
  newEngine();
  const job = engine.request('traceRouting', { model: 'until-cancelled', source: sample });
  engine.restart();
  await expect(job).rejects.toThrow('The engine stopped: it was restarted.');
  expect(crashes).toEqual([]);
});

test('after four restarts it asks; a restart by hand works again', async () => {
  newEngine();
  for (let crash = 0; crash < 5; crash++)
    await expect(engine.request('inspect', { folder: 'exit' })).rejects.toBeInstanceOf(EngineExitError);
  const refused = engine.request('inspect', { folder: 'a' });
  await expect(refused).rejects.toBeInstanceOf(TooManyCrashesError);
  await expect(refused).rejects.toThrow(/Restart Engine/);
  engine.restart();
  await expect(engine.request('inspect', { folder: 'a' })).resolves.toMatchObject({ path: 'a' });
});
