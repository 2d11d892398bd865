/** @file Charts by layer: attention to context and answer, and what tuning gained (CAG, AAG). */
import './layer-charts.css';

import type { RoutingView } from '../../src/protocol/routing-view';
import { element, section } from '../shared/dom';
import { percent, relativeChange } from '../shared/format';
import { LineChart, type Series } from '../shared/line-chart';
import type { Theme } from '../shared/theme';
import { relativeGain } from './token-facts';

interface Target {
  key: 'attention_to_context' | 'attention_to_answer';
  title: string;
  gain: string;
  /** Shown instead of the charts. */
  missing: string;
}

const targets: Target[] = [
  {
    key: 'attention_to_context',
    title: 'Attention to context',
    gain: 'Context gain (CAG)',
    missing:
      'This prompt has no context, so there is no attention to it. Trace a sample with a context to see it.',
  },
  {
    key: 'attention_to_answer',
    title: 'Attention to answer',
    gain: 'Answer gain (AAG)',
    missing: 'The answer does not stand in a context of this prompt, so there is no attention to it.',
  },
];

export class LayerCharts {
  readonly root: HTMLElement;
  private readonly grid = element('div', { class: 'charts' });
  private charts: LineChart[] = [];

  constructor() {
    const { root, note } = section('By layer', 'layer-charts');
    note.textContent = 'attention from the last prompt token, mean over heads';
    this.root = root;
    this.root.append(this.grid);
  }

  show(view: RoutingView, theme: Theme): void {
    this.charts.forEach(chart => chart.destroy());
    this.charts = [];
    const [context] = targets;
    const shown = view.base[context.key].length > 0 ? targets : [context];
    const parts = shown.flatMap(target => this.parts(view, target));
    this.grid.replaceChildren(...parts);
    this.draw(theme);
  }

  /** Draws again, after the theme changed. */
  draw(theme: Theme): void {
    this.charts.forEach(chart => chart.draw(theme));
  }

  private parts(view: RoutingView, target: Target): HTMLElement[] {
    const base = view.base[target.key];
    if (base.length === 0) return [element('p', { class: 'empty' }, target.missing)];
    const tuned = view.tuned?.[target.key];
    const gain = tuned && relativeGain(base, tuned);
    const series: Series[] = [
      { name: 'base', points: points(base), colour: theme => theme.muted, dashed: tuned !== undefined },
    ];
    if (tuned) series.push({ name: 'tuned', points: points(tuned), colour: theme => theme.accent });
    const charts = [
      new LineChart({
        title: target.title,
        series,
        xName: 'layer',
        tickPrefix: 'L',
        formatY: percent,
        footer: layer => (gain?.[layer] == null ? [] : [`gain ${relativeChange(gain[layer])}`]),
      }),
    ];
    if (gain) {
      const line: Series = {
        name: 'tuned over base',
        points: points(gain),
        colour: theme => theme.data.faithful,
      };
      charts.push(
        new LineChart({
          title: target.gain,
          series: [line],
          xName: 'layer',
          tickPrefix: 'L',
          formatY: relativeChange,
        }),
      );
    }
    this.charts.push(...charts);
    return charts.map(chart => chart.root);
  }
}

function points(values: readonly (number | null)[]): { x: number; y: number | null }[] {
  return values.map((y, x) => ({ x, y }));
}
