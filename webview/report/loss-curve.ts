/** @file Loss by step: training batches and evaluations. */
import type { MetricLine } from '../../src/protocol/artifacts';
import { section } from '../shared/dom';
import { LineChart, type Series } from '../shared/line-chart';
import type { Theme } from '../shared/theme';
import { lossCurves } from './report-data';

export class LossCurve {
  readonly root: HTMLElement;
  private readonly chart: LineChart;

  constructor(metrics: readonly MetricLine[]) {
    const { root, note } = section('Loss', 'loss');
    note.textContent = 'mean cross-entropy of answer tokens, nats';
    this.root = root;
    const { training, evaluations } = lossCurves(metrics);
    const series: Series[] = [{ name: 'training batch', points: training, colour: theme => theme.muted }];
    for (const [split, points] of evaluations) {
      series.push({ name: split, points, colour: theme => theme.data.faithful, dots: true });
    }
    this.chart = new LineChart({
      title: 'Loss by step',
      series: series.filter(({ points }) => points.length > 0),
      xName: 'step',
      formatY: loss => loss.toFixed(2),
    });
    root.append(this.chart.root);
  }

  draw(theme: Theme): void {
    this.chart.draw(theme);
  }
}
