/** @file Charts and tables of analyses hold the numbers of `analysis.json`. */
import { expect, it } from 'vitest';

import { csv } from '../../src/figures/csv';
import type { Estimate, Scores } from '../../src/protocol/evaluation';
import { analysisCharts } from './analysis-charts';
import { transferTable } from './transfer-table';

const estimate = (value: number | null, low = value, high = value): Estimate => ({
  value,
  low,
  high,
  samples: 3,
});
const scores = (em: number, f1: number): Scores => ({
  ...{ em, f1, samples: 3 },
  em_interval: [em - 10, em + 5],
  f1_interval: [f1 - 1, f1 + 1],
});
const common = { schema_version: 1 } as const;

it('attention: both spans with their gains, intervals kept, gaps where nothing is defined', () => {
  const span = {
    base: [estimate(0.1, 0.05, 0.2), estimate(null)],
    tuned: [estimate(0.2), estimate(0.3)],
    gain: [estimate(1, 0.5, 1.5), estimate(null)],
    mean_of_gains: [estimate(1), estimate(null)],
  };
  const tokens = { sample: 0, tokens: [], base: [], tuned: [] };
  const charts = analysisCharts({ ...common, kind: 'attention', context: span, tokens });
  expect(charts).toHaveLength(2);
  expect(charts[0]).toMatchObject({
    kind: 'lines',
    series: [
      {
        tone: 'base',
        points: [
          { x: 0, y: 0.1, low: 0.05, high: 0.2 },
          { x: 1, y: null },
        ],
      },
      {
        tone: 'tuned',
        points: [
          { x: 0, y: 0.2 },
          { x: 1, y: 0.3 },
        ],
      },
    ],
  });
  expect(charts[1]).toMatchObject({
    title: 'Context attention gain (CAG)',
    series: [{ points: [{ y: 1, low: 0.5, high: 1.5 }, { y: null }] }],
  });
});

it('masking: a row for each condition with EM and F1, answers from memory where they are known', () => {
  const [chart] = analysisCharts({
    ...{ ...common, kind: 'masking' },
    conditions: [
      { name: 'base', masked: {}, scores: scores(40, 50), em_change: estimate(0) },
      {
        name: 'CE masked',
        masked: { '0': [1] },
        scores: { ...scores(20, 30), memory_answers: estimate(15, 10, 20) },
        em_change: estimate(-20),
      },
    ],
  });
  expect(chart).toMatchObject({
    kind: 'bars',
    rows: ['base', 'CE masked'],
    series: [
      {
        name: 'EM',
        values: [
          { y: 40, low: 30, high: 45 },
          { y: 20, low: 10, high: 25 },
        ],
      },
      { name: 'F1', values: [{ y: 50, low: 49, high: 51 }, { y: 30 }] },
      { name: 'answers from memory', values: [undefined, { y: 15, low: 10, high: 20 }] },
    ],
  });
});

it('reliance counts the tokens of the answer from 1', () => {
  const variants = [{ name: 'base', mean: estimate(1.25), by_position: [estimate(2), estimate(0.5)] }];
  const [chart] = analysisCharts({ ...common, kind: 'reliance', variants, samples: [] });
  expect(chart).toMatchObject({
    series: [
      {
        name: 'base (mean +1.25)',
        points: [
          { x: 1, y: 2 },
          { x: 2, y: 0.5 },
        ],
      },
    ],
  });
});

it('patterns: points by dataset', () => {
  const sample = (dataset: number, at: number) => ({ dataset, sample: at, x: at, y: -at, activations: [] });
  const [chart] = analysisCharts({
    ...{ ...common, kind: 'patterns', method: 'UMAP', experts: {}, datasets: ['a', 'b'] },
    samples: [sample(1, 4), sample(0, 2)],
  });
  expect(chart).toMatchObject({
    groups: [
      { name: 'a', points: [{ x: 2, y: -2, label: 'sample 2' }] },
      { name: 'b', points: [{ x: 4, y: -4, label: 'sample 4' }] },
    ],
  });
});

it('cost: the share of the model that trained', () => {
  const run = { name: 'CEFT', run: 'r', total_seconds: 9, trainable_parameters: 25, training_seconds: 4 };
  const charts = analysisCharts({ ...common, kind: 'cost', parameters: 100, runs: [run] });
  expect(charts.map(chart => chart.kind === 'bars' && chart.series[0].values)).toEqual([
    [{ y: 0.25 }],
    [{ y: 4 }],
    [undefined],
  ]);
});

it('transfer: a line for each pair, the untuned model first', () => {
  const cell = { scores: scores(60, 70), em_gain: estimate(20, 12, 28), f1_gain: estimate(20) };
  const table = transferTable({
    ...{ ...common, kind: 'transfer' },
    rows: [{ name: 'swap', run: 'r' }],
    columns: [{ name: 'shift', base: scores(40, 50) }],
    cells: [[cell]],
  });
  expect(csv(table)).toBe(
    'tuned_on,evaluated_on,em,f1,em_gain,em_gain_low,em_gain_high\n,shift,40,50,0,0,0\nswap,shift,60,70,20,12,28\n',
  );
});
