/** @file Charts of a training have the numbers of its metrics. */
import { expect, it } from 'vitest';

import type { MetricLine } from '../../src/protocol/artifacts';
import { trainingCharts } from './training-curves';

const step = (at: number, loss: number): MetricLine => ({
  ...{ step: at, epoch: 0, loss, lr: 0.001 * at, grad_norm: 2 * at, tokens_per_s: 100 + at },
});
const dev = (at: number, loss: number, scores = {}): MetricLine => ({
  ...{ step: at, epoch: 0, split: 'dev', loss, ...scores },
});

it('training apart from each evaluated split', () => {
  const charts = trainingCharts([step(0, 3), dev(0, 2.5), step(1, 2), dev(1, 1.5)], 300);
  expect(charts.get('loss')).toMatchObject({
    xEnd: 300,
    series: [
      {
        name: 'training batch',
        points: [
          { x: 0, y: 3 },
          { x: 1, y: 2 },
        ],
      },
      {
        name: 'dev',
        points: [
          { x: 0, y: 2.5 },
          { x: 1, y: 1.5 },
        ],
      },
    ],
  });
  expect(charts.get('learning-rate')?.series[0].points).toEqual([
    { x: 0, y: 0 },
    { x: 1, y: 0.001 },
  ]);
  expect(charts.get('gradient-norm')?.series[0].points[1]).toEqual({ x: 1, y: 2 });
  expect(charts.get('speed')?.series[0].points[1]).toEqual({ x: 1, y: 101 });
});

it('what was not measured has no chart', () => {
  expect([...trainingCharts([step(0, 3)]).keys()]).toEqual([
    'loss',
    'learning-rate',
    'gradient-norm',
    'speed',
  ]);
  expect([...trainingCharts([]).keys()]).toEqual([]);
});

it('answers where they were scored', () => {
  const charts = trainingCharts([dev(1, 1, { em: 10, f1: 12 }), dev(2, 1, { em: 0, f1: 14 })]);
  expect(charts.get('answers')?.series).toMatchObject([
    {
      name: 'EM, dev',
      points: [
        { x: 1, y: 10 },
        { x: 2, y: 0 },
      ],
    },
    {
      name: 'F1, dev',
      points: [
        { x: 1, y: 12 },
        { x: 2, y: 14 },
      ],
    },
  ]);
});

it('memory and load balancing of trainings that say them', () => {
  const charts = trainingCharts([{ ...step(0, 1), load_balancing: 1.25, memory: 2e9 }]);
  expect(charts.get('memory')?.series[0].points).toEqual([{ x: 0, y: 2e9 }]);
  expect(charts.get('load-balancing')?.series[0].points).toEqual([{ x: 0, y: 1.25 }]);
});
