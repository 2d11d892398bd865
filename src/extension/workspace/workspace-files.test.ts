/** @file Finding checkpoints, datasets and runs in a folder made for the test. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { lockRun } from '../../common/run-lock';
import type { RunRecord } from '../../protocol/artifacts';
import { groupDatasets, splitsOf } from './datasets';
import {
  closeCrashedRun,
  inNewRunFolder,
  isResumable,
  listRuns,
  makeRunFolder,
  newestFinishedRun,
  readContextDependence,
  runsStamp,
} from './runs';
import {
  countSamples,
  type FoundObject,
  ObjectScanner,
  type Place,
  placeOfSample,
  readFirstSample,
  readSamples,
} from './sample-file';
import { findCheckpointsAndJson } from './walk';

let root: string;
const at = (...parts: string[]): string => path.join(root, ...parts);
function write(file: string, value: unknown): void {
  mkdirSync(path.dirname(at(file)), { recursive: true });
  writeFileSync(at(file), typeof value === 'string' ? value : JSON.stringify(value));
}
function offsetOf(text: string, { line, character }: Place): number {
  const before = text.split('\n').slice(0, line);
  return before.reduce((sum, { length }) => sum + length + 1, 0) + character;
}
const sample = { context: 'A { brace and a \\" quote" }', question: 'Q?', answer: 'A' };

beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'router-lens-files-'));
  write('models/a/config.json', {});
  write('models/a/model.safetensors', '');
  write('models/a/tokenizer.json', {});
  write('models/no-weights/config.json', {});
  write('data/swap_train.json', [sample, { ...sample, question: 'Second?' }]);
  write('data/swap_dev.json', [sample]);
  write('data/lines.jsonl', `${JSON.stringify(sample)}\n${JSON.stringify(sample)}\n{"answer": 1}\n`);
  write('data/broken.json', '[{"context": "x", ');
  write('node_modules/p/x.json', {});
  write('.hidden/y.json', {});
  symlinkSync(at('models'), at('data/link'));
  symlinkSync(at('nowhere'), at('data/dangling.json'));
});
afterAll(() => rmSync(root, { recursive: true }));

describe('checkpoints and JSON files', () => {
  test('are found, linked ones too; hidden and foreign folders are left out', async () => {
    const found = await findCheckpointsAndJson(root);
    expect(found.incomplete).toBe(false);
    expect(found.checkpoints).toEqual([at('data/link/a'), at('models/a')]);
    expect(found.jsonFiles.map(file => path.relative(root, file).replaceAll('\\', '/'))).toEqual([
      'data/broken.json',
      'data/lines.jsonl',
      'data/link/no-weights/config.json',
      'data/swap_dev.json',
      'data/swap_train.json',
      'models/no-weights/config.json',
    ]);
  });

  test('a folder that cannot be read is as if empty', async () => {
    expect(await findCheckpointsAndJson(at('nowhere'))).toEqual({
      ...{ checkpoints: [], jsonFiles: [], incomplete: false },
    });
  });
});

describe('samples', () => {
  test('of a JSON list and of JSONL are counted and read', async () => {
    expect(await countSamples(at('data/swap_train.json'))).toBe(2);
    expect(await countSamples(at('data/lines.jsonl'))).toBe(3);
    expect(await readFirstSample(at('data/lines.jsonl'))).toEqual(sample);
    expect((await readSamples(at('data/swap_train.json'), 9)).map(s => s.sample.question)).toEqual([
      'Q?',
      'Second?',
    ]);
  });

  test('are not seen in other files', async () => {
    expect(await readFirstSample(at('models/a/config.json'))).toBeUndefined();
    expect(await readFirstSample(at('data/broken.json'))).toBeUndefined();
  });

  test('any list of objects is found again, however the file is cut into pieces', () => {
    const objects = fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 5 });
    fc.assert(
      fc.property(objects, fc.boolean(), fc.integer({ min: 1, max: 9 }), (list, lines, size) => {
        const text = lines ? list.map(o => JSON.stringify(o)).join('\n') : JSON.stringify(list, null, 1);
        const scanner = new ObjectScanner(true);
        const found: FoundObject[] = [];
        for (let i = 0; i < text.length; i += size) found.push(...scanner.push(text.slice(i, i + size)));
        expect(found.map(o => JSON.parse(o.text) as unknown)).toEqual(JSON.parse(JSON.stringify(list)));
        for (const { text: object, start, end } of found)
          expect(text.slice(offsetOf(text, start), offsetOf(text, end))).toBe(object);
      }),
    );
  });

  test('are found again by their number, where an editor shows them', async () => {
    write('data/placed.json', '\ufeff[\r\n  {"a": "é\\n}"},\n\n {"b":\n 1}]');
    const place = async (index: number): Promise<unknown> => placeOfSample(at('data/placed.json'), index);
    expect(await place(0)).toMatchObject({
      start: { line: 1, character: 2 },
      end: { line: 1, character: 15 },
    });
    expect(await place(1)).toMatchObject({
      start: { line: 3, character: 1 },
      end: { line: 4, character: 3 },
    });
    expect(await place(2)).toBeUndefined();
    rmSync(at('data/placed.json'));
  });
});

describe('datasets', () => {
  test('files of one name are one choice; files without training data stand alone', () => {
    const files = [
      ...['d/swap_dev.json', 'd/swap_test.json', 'd/swap_train.json'],
      ...['nq/train.jsonl', 'nq/validation.jsonl', 'squad/dev.json', 'd/notes.json', 'd/constrain.json'],
    ];
    const datasets = groupDatasets(files);
    expect(datasets.map(d => `${d.name}: ${splitsOf(d)}`)).toEqual([
      'nq: train, dev',
      'swap: train, dev, test',
      'constrain: train',
      'notes: train',
      'squad/dev: train',
    ]);
    expect(datasets[1]).toEqual({
      name: 'swap',
      train: 'd/swap_train.json',
      dev: 'd/swap_dev.json',
      test: 'd/swap_test.json',
    });
  });
});

describe('runs', () => {
  const record: RunRecord = {
    schema_version: 1,
    job: 'identify',
    status: 'done',
    created: '2026-11-22T14:30:00Z',
    settings: {},
    model: {
      ...{ path: 'models/a', name: 'a', family: 'olmoe', bytes: 1, config_sha256: '', weights_sha256: '' },
      ...{ num_layers: 1, moe_layers: [0], num_experts: 2, top_k: 1, parameters: 1 },
    },
    datasets: [],
    engine: {
      ...{ router_lens: '0', onnxruntime: '0', node: '20', execution_provider: 'cpu', threads: 1 },
      memory_mode: 'resident',
    },
    timings: {},
    memory: {},
    results: {},
  };
  const result = {
    ...{ schema_version: 1, k: 1, top_k: 1, num_experts: 2, samples: 3 },
    ratio: { base: { 0: [0.6, 0.4] }, tuned: { 0: [0.2, 0.8] } },
    count: { base: { 0: [6, 4] }, tuned: { 0: [2, 8] } },
    ce: { 0: [1] },
    oe: { 0: [0] },
  };

  test('are listed newest first; what is broken is told and left out', () => {
    write('.router-lens/runs/20260101T000000Z-identify/run.json', record);
    write('.router-lens/runs/20260101T000000Z-identify/context-dependence.json', result);
    write('.router-lens/runs/20260102T000000Z-identify/run.json', { ...record, status: 'running' });
    write('.router-lens/runs/20260103T000000Z-identify/run.json', { ...record, job: 3 });
    write('.router-lens/runs/20260104T000000Z-identify/run.json', '{');
    mkdirSync(at('.router-lens/runs/empty'));
    const warnings: string[] = [];
    const runs = listRuns(root, line => void warnings.push(line));
    expect(runs.map(run => run.id)).toEqual(['20260102T000000Z-identify', '20260101T000000Z-identify']);
    expect(warnings).toEqual([
      expect.stringMatching(/20260104.*run\.json: not JSON/),
      expect.stringMatching(/20260103.*run\.json: job: /),
    ]);
    const newest = newestFinishedRun(runs);
    expect(newest?.id).toBe('20260101T000000Z-identify');
    expect(newest && readContextDependence(newest).ce).toEqual({ 0: [1] });
  });

  test('a workspace without runs has none', () => {
    expect(listRuns(at('data'), () => undefined)).toEqual([]);
  });

  test('have another stamp when one comes, is written or goes, and only then', () => {
    const stamps = new Set<string>();
    const isNew = (): boolean => {
      const stamp = runsStamp(root, ['run.json', 'report.html']);
      return stamps.size < stamps.add(stamp).size;
    };
    expect(isNew()).toBe(true);
    write('.router-lens/runs/c/run.json', record);
    expect(isNew()).toBe(true);
    write('.router-lens/runs/c/metrics.jsonl', '');
    expect(isNew()).toBe(false);
    write('.router-lens/runs/c/run.json', { ...record, status: 'failed' });
    expect(isNew()).toBe(true);
    write('.router-lens/runs/c/report.html', '');
    expect(isNew()).toBe(true);
    rmSync(at('.router-lens/runs/c'), { recursive: true });
    expect(isNew()).toBe(false); // as before there was one
    expect(runsStamp(at('data'), ['run.json'])).toBe('');
  });

  test('of a dead process is removed, unless it can be resumed', () => {
    const running = { ...record, status: 'running' };
    write('.router-lens/runs/a/run.json', running);
    mkdirSync(at('.router-lens/runs/a/checkpoint'));
    expect(closeCrashedRun(at('.router-lens/runs/a'), 'killed')).toBe(false);
    expect(existsSync(at('.router-lens/runs/a'))).toBe(false);
    write('.router-lens/runs/b/run.json', running);
    write('.router-lens/runs/b/checkpoint/training.safetensors', '');
    expect(closeCrashedRun(at('.router-lens/runs/b'), 'killed')).toBe(true);
    const closed: unknown = JSON.parse(readFileSync(at('.router-lens/runs/b/run.json'), 'utf8'));
    expect(closed).toMatchObject({ ...record, status: 'failed', error: 'killed' });
    expect(closeCrashedRun(at('.router-lens/runs/never-begun'), 'killed')).toBe(false);
  });

  test.each(['before it has saved a state', 'later'])('of another process is left alone, %s', when => {
    const folder = at('.router-lens/runs/d');
    write('.router-lens/runs/d/run.json', { ...record, status: 'running' });
    if (when === 'later') write('.router-lens/runs/d/checkpoint/training.safetensors', '');
    const unlock = lockRun(folder);
    expect(isResumable(folder)).toBe(false);
    expect(closeCrashedRun(folder, 'killed')).toBe(false);
    expect(JSON.parse(readFileSync(path.join(folder, 'run.json'), 'utf8'))).toMatchObject({
      status: 'running',
    });
    unlock();
    expect(isResumable(folder)).toBe(when === 'later');
    rmSync(folder, { recursive: true });
  });

  test('a new folder has a name of its own', () => {
    const time = new Date('2026-11-22T14:30:00.123Z');
    const first = makeRunFolder(root, 'identify', time);
    expect(first).toBe(at('.router-lens/runs/20261122T143000Z-identify'));
    expect(makeRunFolder(root, 'identify', time)).toBe(`${first}-2`);
    for (const folder of [first, `${first}-2`]) rmdirSync(folder);
  });

  test('a new folder is taken while its job runs, and kept if anything was written', async () => {
    const before = readdirSync(at('.router-lens/runs'));
    const folders: string[] = [];
    const job = (content?: string): Promise<void> =>
      inNewRunFolder(root, 'evaluate', folder => {
        expect(existsSync(folder)).toBe(true);
        folders.push(folder);
        if (content !== undefined) writeFileSync(path.join(folder, 'evaluation.json'), content);
        return content === undefined ? Promise.reject(new Error('refused')) : Promise.resolve();
      });
    await Promise.all([job('a'), expect(job()).rejects.toThrow('refused'), job('b')]);
    expect(new Set(folders).size).toBe(3);
    expect(readdirSync(at('.router-lens/runs')).length).toBe(before.length + 2);
    expect(readFileSync(path.join(folders[0], 'evaluation.json'), 'utf8')).toBe('a');
    expect(readFileSync(path.join(folders[2], 'evaluation.json'), 'utf8')).toBe('b');
    for (const folder of [folders[0], folders[2]]) rmSync(folder, { recursive: true });
  });
});
