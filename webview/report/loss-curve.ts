/** @file The course of a training by step: loss of batches and evaluations, and exact match where it was taken. */
import type { MetricLine } from '../../src/protocol/artifacts';
import { section } from '../shared/dom';
import { LineChart, type Series } from '../shared/line-chart';
import type { Theme } from '../shared/theme';
import { exactMatchCurves, lossCurves, type Point } from './report-data';

export class LossCurve {
  readonly root: HTMLElement;
  private readonly charts: LineChart[];

  constructor(metrics: readonly MetricLine[]) {
    const { root, note } = section('Loss', 'loss');
    note.textContent = 'mean cross-entropy of answer tokens, nats';
    this.root = root;
    const { training, evaluations } = lossCurves(metrics);
    const batches: Series = { name: 'training batch', points: training, colour: theme => theme.muted };
    const losses = [batches, ...evaluated(evaluations)].filter(({ points }) => points.length > 0);
    const matches = evaluated(exactMatchCurves(metrics));
    this.charts = [
      new LineChart({
        title: 'Loss by step',
        series: losses,
        xName: 'step',
        formatY: loss => loss.toFixed(2),
      }),
      ...(matches.length > 0 ? [exactMatchChart(matches)] : []),
    ];
    root.append(...this.charts.map(chart => chart.root));
  }

  draw(theme: Theme): void {
    for (const chart of this.charts) chart.draw(theme);
  }
}

function evaluated(curves: ReadonlyMap<string, Point[]>): Series[] {
  return [...curves].map(([name, points]) => ({
    name,
    points,
    colour: theme => theme.data.faithful,
    dots: true,
  }));
}

function exactMatchChart(series: readonly Series[]): LineChart {
  const names = series.map(({ name }) => name).join(', ');
  return new LineChart({
    title: `Exact match by step, percent (${names})`,
    series,
    xName: 'step',
    formatY: match => match.toFixed(1),
  });
}
