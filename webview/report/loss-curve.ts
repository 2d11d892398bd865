/** @file The course of a training by step: loss of batches and evaluations, and exact match where it was taken. */
import type { MetricLine } from '../../src/protocol/artifacts';
import { Chart } from '../shared/chart';
import type { LineChartData, LineSeries } from '../shared/chart-data';
import { section } from '../shared/dom';
import type { Theme } from '../shared/theme';
import { exactMatchCurves, lossCurves, type Point } from './report-data';

/** CSS pixels. */
const height = 240;

export class LossCurve {
  readonly root: HTMLElement;
  private readonly charts: Chart[];

  constructor(metrics: readonly MetricLine[]) {
    const { root, note } = section('Loss', 'loss');
    note.textContent = 'mean cross-entropy of answer tokens, nats';
    this.root = root;
    const { training, evaluations } = lossCurves(metrics);
    const batches: LineSeries = { name: 'training batch', points: training, tone: 'base' };
    const losses = [batches, ...evaluated(evaluations)].filter(({ points }) => points.length > 0);
    const matches = evaluated(exactMatchCurves(metrics));
    this.charts = [
      new Chart(lossChart(losses), { height }),
      ...(matches.length > 0 ? [new Chart(exactMatchChart(matches), { height })] : []),
    ];
    root.append(...this.charts.map(chart => chart.root));
  }

  draw(theme: Theme): void {
    for (const chart of this.charts) chart.draw(theme);
  }
}

function evaluated(curves: ReadonlyMap<string, Point[]>): LineSeries[] {
  return [...curves].map(([name, points]) => ({ name, points, tone: 'gain', marked: true }));
}

function lossChart(series: readonly LineSeries[]): LineChartData {
  return { kind: 'lines', title: 'Loss by step', series, xName: 'step', format: loss => loss.toFixed(2) };
}

function exactMatchChart(series: readonly LineSeries[]): LineChartData {
  const names = series.map(({ name }) => name).join(', ');
  return {
    kind: 'lines',
    title: `Exact match by step, percent (${names})`,
    series,
    xName: 'step',
    format: match => match.toFixed(1),
  };
}
