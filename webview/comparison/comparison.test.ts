/** @file The comparison of runs: what is measured, what is best, what lists share. */
import { describe, expect, it } from 'vitest';

import { csv } from '../../src/figures/csv';
import type { ComparedRun } from '../../src/protocol/comparison-panel';
import { exampleRun } from '../../test/fixtures/run-record';
import { comparedCurves, expertOverlap, runNames, sharedByLayer } from './compared-charts';
import { bestOf, methodRows, methodTable, sorted } from './method-rows';

const testFile = { ...exampleRun.datasets[0], split: 'test', path: 'data\\swap_test.json' };
const identify: ComparedRun = {
  folder: '/w/.router-lens/runs/20260101T100000Z-identify',
  record: {
    ...exampleRun,
    datasets: [testFile],
    timings: { 'Router tuning': 100, 'Answers before tuning': 7 },
  },
  metrics: [
    { step: 0, epoch: 0, loss: 2, lr: 1, grad_norm: 1, tokens_per_s: 1 },
    { step: 1, epoch: 0, split: 'dev', loss: 1.5 },
  ],
  experts: { '0': [1, 2], '1': [3, 4] },
};
const ceft: ComparedRun = {
  folder: '/w/.router-lens/runs/20260101T110000Z-finetune',
  record: {
    ...{ ...exampleRun, datasets: [testFile] },
    ...{ job: 'finetune', settings: { method: 'ceft' }, timings: { 'Fine-tuning': 40 } },
    results: { ...exampleRun.results, tuned: { em: 80, f1: 77, samples: 200 }, trainable_parameters: 900 },
  },
  metrics: [{ step: 0, epoch: 0, loss: 3, lr: 1, grad_norm: 1, tokens_per_s: 1 }],
  experts: { '0': [2, 5], '1': [3, 4] },
  closed_book: { base: { em: 30, f1: 31, samples: 9 }, tuned: { em: 25, f1: 26, samples: 9 } },
};
const runs = [identify, ceft];
const names = runNames(runs);
const rows = methodRows(runs, names);

describe('the table of methods', () => {
  it('has the untuned model once, then the runs, with what was measured', () => {
    expect(csv(methodTable(rows))).toBe(
      [
        'method,run,test_set,test_samples,em,f1,closed_book_em,trainable_parameters,training_seconds,peak_memory',
        'base,,swap_test.json,200,28.1,40.5,30,,,',
        'Router tuning,20260101T100000Z-identify,swap_test.json,200,76.4,77.8,,500,100,1500000000',
        'CEFT,20260101T110000Z-finetune,swap_test.json,200,80,77,25,900,40,1500000000',
        '',
      ].join('\n'),
    );
  });
  it('marks the highest score and the lowest cost, and all of those that are equal', () => {
    const best = (quantity: Parameters<typeof bestOf>[1]) =>
      [...bestOf(rows, quantity)].map(({ name }) => name);
    expect(best('em')).toEqual(['CEFT']);
    expect(best('f1')).toEqual(['Router tuning']);
    expect(best('trainable')).toEqual(['Router tuning']);
    expect(best('seconds')).toEqual(['CEFT']);
    expect(best('memory')).toEqual(['Router tuning', 'CEFT']);
    expect(bestOf(rows.slice(0, 1), 'em').size).toBe(0);
  });
  it('has the untuned model once for each test set, and no best score then', () => {
    const test = { ...testFile, path: 'data/other.json', sha256: 'ab' };
    const other = { ...ceft, record: { ...ceft.record, datasets: [test] } };
    const found = methodRows([identify, other], names);
    expect(found.map(({ name, test }) => [name, test?.file])).toEqual([
      ['base', 'swap_test.json'],
      ['base', 'other.json'],
      ['Router tuning', 'swap_test.json'],
      ['CEFT', 'other.json'],
    ]);
    expect(bestOf(found, 'em').size).toBe(0);
    expect([...bestOf(found, 'seconds')].map(({ name }) => name)).toEqual(['CEFT']);
  });
  it('names the untuned models where there are several', () => {
    const model = { ...ceft.record.model, name: 'large', weights_sha256: 'ef' };
    const found = methodRows([identify, { ...ceft, record: { ...ceft.record, model } }], names);
    expect(found.slice(0, 2).map(({ name }) => name)).toEqual(['base, small', 'base, large']);
    expect([...bestOf(found, 'em')].map(({ name }) => name)).toEqual(['CEFT']);
  });
  it('sorts, what was not measured last', () => {
    const order = (...by: [Parameters<typeof sorted>[1], boolean]) =>
      sorted(rows, ...by).map(({ name }) => name);
    expect(order('em', true)).toEqual(['CEFT', 'Router tuning', 'base']);
    expect(order('trainable', false)).toEqual(['Router tuning', 'CEFT', 'base']);
    expect(order('trainable', true)).toEqual(['CEFT', 'Router tuning', 'base']);
    expect(order('name', false)).toEqual(['base', 'CEFT', 'Router tuning']);
  });
});

it('runs of the same method are told apart by their time', () => {
  expect(names).toEqual(['Router tuning', 'CEFT']);
  const again = { ...ceft, folder: '/w/.router-lens/runs/20260102T090000Z-finetune' };
  expect(runNames([ceft, again])).toEqual(['CEFT (20260101T110000Z)', 'CEFT (20260102T090000Z)']);
});

it('curves of all runs that have them, over each other', () => {
  const [training, dev, ...others] = comparedCurves(runs, names);
  expect(training).toMatchObject({
    series: [
      { name: 'Router tuning', points: [{ x: 0, y: 2 }] },
      { name: 'CEFT', points: [{ x: 0, y: 3 }] },
    ],
  });
  expect(dev).toMatchObject({ series: [{ name: 'Router tuning', tone: 0, points: [{ x: 1, y: 1.5 }] }] });
  expect(others).toEqual([]);
});

it('shared experts: those of both lists by those of either', () => {
  expect(sharedByLayer({ '0': [1, 2], '10': [3, 4], '2': [0] }, { '10': [4, 3], '0': [2, 5] })).toEqual([
    { x: 0, y: 1 / 3 },
    { x: 10, y: 1 },
  ]);
  expect(expertOverlap(runs, names)[0]).toMatchObject({ series: [{ name: 'Router tuning and CEFT' }] });
  expect(expertOverlap([identify], names)).toEqual([]);
});
