/** @file What the report shows. */
import { describe, expect, it } from 'vitest';

import type { ContextDependence, RunRecord } from '../../src/protocol/artifacts';
import { exampleRun as run } from '../../test/fixtures/run-record';
import { isFaithful, ratiosOf } from '../shared/ratios';
import { expertLists, facts, headlines, reportTitle, trainedExperts } from './report-data';

const content: ContextDependence = {
  schema_version: 1,
  k: 2,
  top_k: 2,
  num_experts: 3,
  samples: 4,
  ratio: {
    base: { '2': [0.5, 0.25, 0.25], '10': [0.25, 0.25, 0.5] },
    tuned: { '10': [0.25, 0.75, 0], '2': [0.25, 0.25, 0.5] },
  },
  count: { base: { '2': [4, 2, 2], '10': [2, 2, 4] }, tuned: { '2': [2, 2, 4], '10': [2, 6, 0] } },
  ce: { '2': [2, 0], '10': [1, 0] },
  oe: { '2': [0, 1], '10': [2, 0] },
};

const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

describe('ratios', () => {
  it('are matrices with layers in numeric order', () => {
    expect(ratiosOf(content)).toEqual({
      layers: [2, 10],
      base: [
        [0.5, 0.25, 0.25],
        [0.25, 0.25, 0.5],
      ],
      tuned: [
        [0.25, 0.25, 0.5],
        [0.25, 0.75, 0],
      ],
      difference: [
        [-0.25, 0, 0.25],
        [0, 0.5, -0.5],
      ],
      highest: 0.75,
      largestChange: 0.5,
    });
  });
  it('mark context-faithful experts', () => {
    expect([isFaithful(content, 10, 1), isFaithful(content, 10, 2), isFaithful(content, 7, 0)]).toEqual([
      true,
      false,
      false,
    ]);
  });
  it('list CE by tuned and OE by base ratios', () => {
    expect(expertLists(content)[1]).toEqual({
      layer: 10,
      ce: [
        { expert: 1, ratio: 0.75, shared: false },
        { expert: 0, ratio: 0.25, shared: true },
      ],
      oe: [
        { expert: 2, ratio: 0.5, shared: false },
        { expert: 0, ratio: 0.25, shared: true },
      ],
    });
  });
});

describe('the title', () => {
  const finetuned = { ...run, job: 'finetune', settings: { method: 'ceft', parametrisation: 'lora' } };
  it.each<[RunRecord, boolean, string]>([
    [run, true, 'Context-faithful experts of small'],
    [run, false, 'Run on small'],
    [finetuned, true, 'Fine-tuning of small: CEFT by LoRA'],
    [{ ...finetuned, settings: { method: 'fft' } }, false, 'Fine-tuning of small: FFT'],
  ])('%#', (record, identified, title) => {
    expect(reportTitle(record, identified)).toBe(title);
  });
});

it('trained experts: layers in numeric order, experts in that of their list', () => {
  expect(trainedExperts({ '10': [3, 1], '2': [0] })).toEqual([
    { layer: 2, listed: [0] },
    { layer: 10, listed: [3, 1] },
  ]);
});

describe('headlines', () => {
  const text = (record: RunRecord): string[] =>
    headlines(record).map(({ name, value, note }) => plain(`${name}: ${value} (${note})`));

  it('scores before and after, cost', () => {
    expect(text(run)).toEqual([
      'Exact match: 28.1 → 76.4 (percent of 200 test samples)',
      'F1: 40.5 → 77.8 (percent of 200 test samples)',
      'Trainable parameters: 500 (5 % of 10,000)',
      'Steps: 120 (step 96 kept, 1,300 training samples)',
      'Time: 2 min 0 s (all phases)',
    ]);
  });
  it('say what a run has not got', () => {
    expect(text({ ...run, results: {}, timings: {}, datasets: [] })).toEqual([
      'Exact match: – (no test set was given)',
      'F1: – (no test set was given)',
      'Trainable parameters: – ()',
      'Steps: – ()',
      'Time: 0.0 s ()',
    ]);
  });
});

it('facts: settings are flattened, units are given', () => {
  const { settings, model, engine } = facts(run);
  expect(settings).toEqual([
    ['k', '2'],
    ['training.lr', '0.0005'],
    ['training.shuffle', 'true'],
    ['files', '["a","b"]'],
    ['train', 'train.json'],
  ]);
  expect(model).toContainEqual(['Layers', '12, 2 of them with 3 experts, top 2']);
  expect(engine.map(([name, value]) => plain(`${name} ${value}`))).toContain('Peak memory 1.5 GB');
});
