/** @file The results of analyses as charts: every number is that of `analysis.json`. */
import { t } from '@vscode/l10n';

import type { AnalysisResult, AnalysisResultOf } from '../../src/protocol/analysis-results';
import type { Estimate, Scores } from '../../src/protocol/evaluation';
import type {
  BarChartData,
  ChartData,
  LineChartData,
  LinePoint,
  ScatterData,
  Value,
} from '../shared/chart-data';
import { bytes, duration, percent, relativeChange, signedNumber } from '../shared/format';

/** Nothing for a transfer matrix, which is a table. */
export function analysisCharts(result: AnalysisResult): ChartData[] {
  switch (result.kind) {
    case 'attention':
      return attentionCharts(result);
    case 'logit-lens':
      return [
        byLayer(t('Answer probability'), percent, result),
        gainByLayer(t('Answer probability gain (APG), points'), points, result.gain),
      ];
    case 'reliance':
      return [relianceChart(result)];
    case 'masking':
      return [scoreChart(t('condition'), result.conditions)];
    case 'patterns':
      return [patternsChart(result)];
    case 'forgetting':
      return [scoreChart(t('variant'), result.variants)];
    case 'cost':
      return costCharts(result);
    case 'transfer':
      return [];
  }
}

function attentionCharts({ context, answer }: AnalysisResultOf<'attention'>): ChartData[] {
  return [
    ...(context
      ? [
          byLayer(t('Attention to the context'), percent, context),
          gainByLayer(t('Context attention gain (CAG)'), relativeChange, context.gain),
        ]
      : []),
    ...(answer
      ? [
          byLayer(t('Attention to the answer in the context'), percent, answer),
          gainByLayer(t('Answer attention gain (AAG)'), relativeChange, answer.gain),
        ]
      : []),
  ];
}

function byLayer(
  title: string,
  format: LineChartData['format'],
  { base, tuned }: { base: readonly Estimate[]; tuned: readonly Estimate[] },
): LineChartData {
  return {
    ...{ kind: 'lines', title, format, xName: t('layer'), tickPrefix: 'L' },
    series: [
      { name: t('base'), tone: 'base', points: pointsOf(base) },
      { name: t('tuned'), tone: 'tuned', points: pointsOf(tuned) },
    ],
  };
}

function gainByLayer(
  title: string,
  format: LineChartData['format'],
  gain: readonly Estimate[],
): LineChartData {
  return {
    ...{ kind: 'lines', title, format, xName: t('layer'), tickPrefix: 'L' },
    series: [{ name: t('gain'), tone: 'gain', points: pointsOf(gain) }],
  };
}

function relianceChart({ variants }: AnalysisResultOf<'reliance'>): LineChartData {
  return {
    ...{ kind: 'lines', title: t('By position in the answer, nats'), xName: t('answer token') },
    format: nats => signedNumber(nats, 2),
    series: variants.map(({ name, mean, by_position }, i) => ({
      name: mean.value === null ? name : t('{0} (mean {1})', name, signedNumber(mean.value, 2)),
      tone: i === 0 ? 'base' : 'tuned',
      points: pointsOf(by_position, 1),
    })),
  };
}

function scoreChart(rowName: string, rows: readonly { name: string; scores: Scores }[]): BarChartData {
  const value = (y: number, [low, high]: readonly [number, number]): Value => ({ y, low, high });
  const memory = rows.map(({ scores }) => valueOf(scores.memory_answers));
  const fromMemory = { name: t('answers from memory'), tone: 2, values: memory };
  return {
    ...{ kind: 'bars', title: t('Exact match and F1, percent'), rowName, suggestedMax: 100 },
    rows: rows.map(({ name }) => name),
    format: score => score.toFixed(1),
    series: [
      { name: 'EM', tone: 0, values: rows.map(({ scores: s }) => value(s.em, s.em_interval)) },
      { name: 'F1', tone: 1, values: rows.map(({ scores: s }) => value(s.f1, s.f1_interval)) },
      ...(memory.some(found => typeof found?.y === 'number') ? [fromMemory] : []),
    ],
  };
}

function patternsChart({ datasets, samples, method }: AnalysisResultOf<'patterns'>): ScatterData {
  return {
    ...{ kind: 'points', title: t('{0} of the share of routing to each expert', method), axes: method },
    format: place => place.toFixed(2),
    groups: datasets.map((name, dataset) => ({
      name,
      points: samples
        .filter(sample => sample.dataset === dataset)
        .map(({ x, y, sample }) => ({ x, y, label: t('sample {0}', sample) })),
    })),
  };
}

function costCharts({ runs, parameters }: AnalysisResultOf<'cost'>): BarChartData[] {
  const chart = (
    title: string,
    tone: number,
    format: BarChartData['format'],
    quantity: (cost: (typeof runs)[number]) => number | undefined,
  ): BarChartData => ({
    ...{ kind: 'bars', title, format, rowName: t('run'), rows: runs.map(({ name }) => name) },
    series: [{ name: title, tone, values: runs.map(cost => known(quantity(cost))) }],
  });
  return [
    chart(t('Trainable parameters, share of the model'), 0, percent, ({ trainable_parameters: trained }) =>
      trained === undefined ? undefined : trained / parameters,
    ),
    chart(t('Training time'), 1, duration, ({ training_seconds }) => training_seconds),
    chart(t('Peak memory (resident)'), 2, bytes, ({ peak_resident }) => peak_resident),
  ];
}

function pointsOf(estimates: readonly Estimate[], first = 0): LinePoint[] {
  return estimates.map(({ value, low, high }, i) => ({ x: first + i, y: value, low, high }));
}

function valueOf(estimate: Estimate | undefined): Value | undefined {
  return estimate && { y: estimate.value, low: estimate.low, high: estimate.high };
}

function known(y: number | undefined): Value | undefined {
  return y === undefined ? undefined : { y };
}

/** A difference of shares in percentage points. */
function points(difference: number): string {
  return signedNumber(100 * difference, 1);
}
