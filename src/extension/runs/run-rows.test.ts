/** @file Runs in words. */
import { describe, expect, test } from 'vitest';

import type { RunRecord } from '../../protocol/artifacts';
import {
  runContext,
  runDescription,
  type RunFacts,
  runSeconds,
  runState,
  runTitle,
  runTooltip,
} from './run-rows';

const record: RunRecord = {
  schema_version: 1,
  job: 'finetune',
  status: 'done',
  created: '2026-11-22T14:30:00.000Z',
  finished: '2026-11-22T14:40:00.000Z',
  settings: { method: 'ceft', parametrisation: 'lora', lr: 0.003, seed: 7 },
  model: {
    ...{ path: '/m/moe', name: 'moe', family: 'OLMoE', bytes: 1, config_sha256: '', weights_sha256: '' },
    ...{ num_layers: 1, moe_layers: [0], num_experts: 2, top_k: 1, parameters: 1 },
  },
  datasets: [
    { split: 'train', path: '/d/train.json', bytes: 1, sha256: '', samples: 9, used: 8, dropped: 1 },
  ],
  engine: {
    ...{ router_lens: '0', onnxruntime: '0', node: '20', execution_provider: 'cpu', threads: 1 },
    memory_mode: 'resident',
  },
  timings: { 'Fine-tuning': 100, 'Answers after tuning': 29 },
  memory: { peak_private: 1_230_000_000 },
  results: { base: { em: 41.25, f1: 50, samples: 4 }, tuned: { em: 78, f1: 80.55, samples: 4 } },
};
const facts = (changes: Partial<RunFacts> = {}): RunFacts => ({
  ...{ folder: '/runs/x', id: 'x', record, state: 'done', files: ['run.json'] },
  ...changes,
});

test('a run that nobody works on is interrupted, whatever it says', () => {
  const running: RunRecord = { ...record, status: 'running' };
  expect(runState(running, true)).toBe('running');
  expect(runState(running, false)).toBe('interrupted');
  expect(runState(record, false)).toBe('done');
  expect(runState({ ...record, status: 'failed' }, false)).toBe('failed');
});

test('a run is called by what it did', () => {
  expect(runTitle(record)).toBe('CEFT by LoRA');
  expect(runTitle({ job: 'identify', settings: {} })).toBe('Identify');
  expect(runTitle({ job: 'analyze-transfer', settings: {} })).toBe('Analysis: transfer');
});

test('the time of a run is that of its phases, or has passed since it began', () => {
  expect(runSeconds(record, new Date())).toBe(129);
  expect(runSeconds({ ...record, finished: undefined }, new Date('2026-11-22T14:31:30Z'))).toBe(90);
  expect(runSeconds({ ...record, timings: {} }, new Date())).toBe(600);
});

test('one line says how it ended, what it found and how long it took', () => {
  expect(runDescription(facts())).toMatch(/^moe · EM 41\.3 → 78\.0 % · 2 min · Nov 22/);
  expect(runDescription(facts({ state: 'interrupted' }))).toMatch(/^interrupted · moe · EM/);
});

test('the tooltip has all facts', () => {
  const text = runTooltip(facts({ state: 'failed', record: { ...record, error: 'It broke.' } }));
  for (const part of [
    ...['CEFT by LoRA: failed', 'It broke.', '/m/moe', 'train: /d/train.json (8 samples)'],
    ...['Base: exact match 41.3 %, F1 50.0 %', 'Tuned: exact match 78.0 %, F1 80.5 %'],
    ...['lr 0.003', 'seed 7', 'Peak memory 1.23 GB', '/runs/x'],
  ])
    expect(text).toContain(part);
});

describe('menus', () => {
  const words = (changes: Partial<RunFacts>): string[] => runContext(facts(changes)).split(' ');

  test('offer for a run what it has', () => {
    const files = ['run.json', 'metrics.jsonl', 'context-dependence.json', 'report.html', 'checkpoint'];
    expect(words({ files })).toEqual(
      expect.arrayContaining(['weights', 'experts', 'training', 'report', 'deletable']),
    );
    expect(words({ files })).not.toContain('resumable');
    expect(words({})).not.toContain('experts');
    expect(words({ files: ['analysis.csv'] })).toContain('files');
  });

  test('offer to go on with what was left, and to delete what does not run', () => {
    const left = { files: ['run.json', 'checkpoint'] };
    for (const state of ['failed', 'cancelled', 'interrupted'] as const) {
      expect(words({ ...left, state })).toContain('resumable');
      expect(words({ state })).not.toContain('resumable');
      expect(words({ ...left, state })).not.toContain('weights');
    }
    expect(words({ ...left, state: 'running' })).not.toContain('resumable');
    expect(words({ ...left, state: 'running' })).not.toContain('deletable');
  });
});
