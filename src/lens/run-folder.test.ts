/** @file Run folders: made once, read back with their files checked. */
import { appendFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { scratchFolder } from '../../test/helpers/scratch';
import { InputError } from '../common/errors';
import type { ContextDependence, MetricLine, RunRecord } from '../protocol/artifacts';
import { RunFolder } from './run-folder';

const scratch = scratchFolder();
const metrics: MetricLine[] = [
  { step: 0, epoch: 0, loss: 2, lr: 1e-4, grad_norm: 1, tokens_per_s: 100 },
  { step: 1, epoch: 0.5, split: 'dev', loss: 1.9 },
  { step: 1, epoch: 0.5, loss: 1.8, lr: 1e-4, grad_norm: 1, tokens_per_s: 100 },
];
const record: RunRecord = {
  schema_version: 1,
  job: 'identify',
  status: 'running',
  created: '2026-01-01T00:00:00Z',
  settings: { seed: 0 },
  model: {
    path: 'model',
    name: 'model',
    family: 'olmoe',
    bytes: 1,
    config_sha256: 'ab',
    weights_sha256: 'cd',
    num_layers: 1,
    moe_layers: [0],
    num_experts: 2,
    top_k: 1,
    parameters: 1,
  },
  datasets: [],
  engine: {
    router_lens: '0',
    onnxruntime: '1',
    node: '20',
    execution_provider: 'cpu',
    threads: 1,
    memory_mode: 'resident',
  },
  timings: {},
  memory: {},
  results: {},
};
const contextDependence: ContextDependence = {
  schema_version: 1,
  k: 1,
  top_k: 1,
  num_experts: 2,
  samples: 1,
  ratio: { base: { 0: [0.5, 0.5] }, tuned: { 0: [0.25, 0.75] } },
  count: { base: { 0: [2, 2] }, tuned: { 0: [1, 3] } },
  ce: { 0: [1] },
  oe: { 0: [0] },
};

function newRun(name: string): RunFolder {
  return RunFolder.create(path.join(scratch, name, 'run'));
}

describe('RunFolder', () => {
  it('gives back what was written', () => {
    const folder = newRun('whole');
    folder.writeRecord(record);
    folder.writeContextDependence(contextDependence);
    for (const line of metrics) folder.appendMetric(line);
    const read = RunFolder.open(folder.path);
    expect(read.record()).toEqual(record);
    expect(read.contextDependence()).toEqual(contextDependence);
    expect(read.metrics()).toEqual(metrics);
    expect(readdirSync(folder.path).sort()).toEqual(['context-dependence.json', 'metrics.jsonl', 'run.json']);
  });

  it('takes an empty folder, and refuses one with something in it', () => {
    const empty = path.join(scratch, 'empty');
    mkdirSync(empty);
    RunFolder.create(empty).writeRecord(record);
    expect(() => RunFolder.create(empty)).toThrow(InputError);
    expect(() => RunFolder.create(path.join(empty, 'run.json'))).toThrow(InputError);
  });

  it('opens run folders only', () => {
    expect(() => RunFolder.open(scratch)).toThrow(/not a run folder/);
    expect(() => RunFolder.open(path.join(scratch, 'nowhere'))).toThrow(InputError);
  });

  it('has no metrics before the first step', () => {
    expect(newRun('fresh').metrics()).toEqual([]);
  });

  it('passes over a last line that was being written when the process ended', () => {
    const folder = newRun('torn');
    for (const line of metrics) folder.appendMetric(line);
    appendFileSync(folder.file('metrics.jsonl'), '{"step": 2, "epo');
    expect(folder.metrics()).toEqual(metrics);
  });

  it('names an earlier line that is none', () => {
    const folder = newRun('damaged');
    folder.appendMetric(metrics[0]);
    appendFileSync(folder.file('metrics.jsonl'), '{"step": 1, "epo\n');
    folder.appendMetric(metrics[2]);
    expect(() => folder.metrics()).toThrow(/metrics\.jsonl, line 2: /);
    expect(() => folder.metrics()).toThrow(InputError);
  });

  describe('what was measured after the last checkpoint', () => {
    const ratios = [0, 1, 2].map(step => ({ step, ratio: { 0: [0.5, 0.5] } }));

    it('is dropped', () => {
      const folder = newRun('kept');
      for (const line of metrics) folder.appendMetric(line);
      for (const line of ratios) folder.appendRatios(line);
      folder.keepUntil(1);
      // Of step 0; after one update; the next one's loss is measured again.
      expect(folder.metrics()).toEqual(
        metrics.filter(line => line.step < 1 || ('split' in line && line.step === 1)),
      );
      expect(folder.ratios()).toEqual(ratios.slice(0, 2));
    });

    it('is everything if there is no checkpoint', () => {
      const folder = newRun('dropped');
      for (const line of metrics) folder.appendMetric(line);
      for (const line of ratios) folder.appendRatios(line);
      folder.keepUntil();
      expect([folder.metrics(), folder.ratios()]).toEqual([[], []]);
    });
  });

  it('names the field that does not follow the schema', () => {
    const folder = newRun('edited');
    writeFileSync(folder.file('run.json'), JSON.stringify({ ...record, status: 'half' }));
    expect(() => folder.record()).toThrow(/run\.json: field "status"/);
    expect(() => folder.contextDependence()).toThrow(/context-dependence\.json: cannot be read/);
  });

  it('is gone when it is removed', () => {
    const folder = newRun('removed');
    folder.writeRecord(record);
    folder.remove();
    expect(() => RunFolder.open(folder.path)).toThrow(InputError);
  });
});
