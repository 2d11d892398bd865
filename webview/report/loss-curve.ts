/** @file The course of a training by step: loss of batches and evaluations, and answers where they were scored. */
import type { MetricLine } from '../../src/protocol/artifacts';
import { Chart } from '../shared/chart';
import { section } from '../shared/dom';
import type { Theme } from '../shared/theme';
import { trainingCharts } from '../shared/training-curves';

/** CSS pixels. */
const height = 240;

export class LossCurve {
  readonly root: HTMLElement;
  private readonly charts: Chart[];

  constructor(metrics: readonly MetricLine[]) {
    const { root, note } = section('Loss', 'loss');
    note.textContent = 'mean cross-entropy of answer tokens';
    this.root = root;
    const curves = trainingCharts(metrics);
    this.charts = (['loss', 'answers'] as const).flatMap(name => {
      const data = curves.get(name);
      return data ? [new Chart(data, { height })] : [];
    });
    root.append(...this.charts.map(chart => chart.root));
  }

  draw(theme: Theme): void {
    for (const chart of this.charts) chart.draw(theme);
  }
}
