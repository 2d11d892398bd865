/** @file Lines that grow while they are read. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { writeFileAtomically } from '../../common/atomic-file';
import type { MetricLine } from '../../protocol/artifacts';
import { followLines, LinesTail, metricsFile, type NewLines, ratiosFile } from './run-lines';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'rl-metrics-'));
  file = path.join(folder, 'metrics.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

const line = (step: number) => ({ step, epoch: 0.5, loss: 1.5, lr: 0.001, grad_norm: 2, tokens_per_s: 10 });
const text = (...steps: number[]): string => steps.map(step => `${JSON.stringify(line(step))}\n`).join('');

test('every read gives what was appended since, and no line before it is whole', async () => {
  const tail = new LinesTail(folder, metricsFile);
  expect(await tail.read()).toEqual({ lines: [], fromStart: true });
  writeFileSync(file, text(0, 1));
  expect(await tail.read()).toEqual({ lines: [line(0), line(1)], fromStart: true });
  const [begin, end] = [text(2).slice(0, 20), text(2).slice(20)];
  appendFileSync(file, begin);
  expect(await tail.read()).toEqual({ lines: [], fromStart: false });
  appendFileSync(file, end + text(3));
  expect(await tail.read()).toEqual({ lines: [line(2), line(3)], fromStart: false });
});

test('a file that was written anew is read from its start', async () => {
  const tail = new LinesTail(folder, metricsFile);
  writeFileSync(file, text(0, 1, 2));
  await tail.read();
  writeFileAtomically(file, text(0));
  expect(await tail.read()).toEqual({ lines: [line(0)], fromStart: true });
});

test('evaluations keep their split', async () => {
  const evaluation = { step: 4, epoch: 1, split: 'dev', loss: 0.5, em: 61, f1: 70 };
  writeFileSync(file, `${JSON.stringify(evaluation)}\n`);
  expect((await new LinesTail(folder, metricsFile).read()).lines).toEqual([evaluation]);
});

test('ratios are another file of lines', async () => {
  const ratios = { step: 0, ratio: { '0': [0.25, 0.75] } };
  writeFileSync(path.join(folder, 'ratios.jsonl'), `${JSON.stringify(ratios)}\n`);
  expect((await new LinesTail(folder, ratiosFile).read()).lines).toEqual([ratios]);
});

test('a line that is none is named', async () => {
  writeFileSync(file, 'nonsense\n');
  await expect(new LinesTail(folder, metricsFile).read()).rejects.toThrow(
    'metrics.jsonl: not a line of such a file: nonsense',
  );
});

test('a run is followed until it is let go', async () => {
  writeFileSync(file, text(0));
  const heard: NewLines<MetricLine>[] = [];
  let next = new AbortController();
  const follower = followLines(
    folder,
    metricsFile,
    metrics => {
      heard.push(metrics);
      next.abort();
    },
    message => expect.unreachable(message),
  );
  const change = (): Promise<void> =>
    new Promise(resolve => next.signal.addEventListener('abort', () => resolve()));
  await change();
  next = new AbortController();
  appendFileSync(file, text(1));
  await change();
  follower.dispose();
  expect(heard).toEqual([
    { lines: [line(0)], fromStart: true },
    { lines: [line(1)], fromStart: false },
  ]);
});
