/** @file The section with the charts by layer. */
import './layer-charts.css';

import { t } from '@vscode/l10n';

import type { RoutingView } from '../../src/protocol/routing-view';
import { Chart } from '../shared/chart';
import { element, section } from '../shared/dom';
import type { SaveFile } from '../shared/picture';
import type { Theme } from '../shared/theme';
import { layerChartData, missingCharts } from './layer-chart-data';

export class LayerCharts {
  readonly root: HTMLElement;
  private readonly grid = element('div', { class: 'charts' });
  private readonly missing = element('p', { class: 'empty' });
  private charts: Chart[] = [];
  private theme: Theme | undefined;
  /** Charts are drawn when they come into sight: chart.js measures the page, which costs the first paint. */
  private isDrawn = false;
  private readonly observer = new IntersectionObserver(
    entries => {
      // Behind the frame that is being made.
      if (entries.some(({ isIntersecting }) => isIntersecting)) setTimeout(() => this.drawNow());
    },
    { rootMargin: '200px' },
  );

  /** @param hover the pointer or the keyboard is at a layer of a chart */
  constructor(
    private readonly save: SaveFile,
    private readonly hover: (layer: number | undefined) => void,
  ) {
    const { root, note } = section(t('By layer'), 'layer-charts');
    note.textContent = t('from the last prompt token, mean over heads');
    this.root = root;
    this.root.append(this.grid, this.missing);
    this.observer.observe(this.grid);
  }

  show(view: RoutingView, theme: Theme): void {
    this.charts.forEach(chart => chart.destroy());
    const options = { save: this.save, hover: this.hover };
    this.charts = layerChartData(view).map(data => new Chart(data, options));
    this.grid.replaceChildren(...this.charts.map(chart => chart.root));
    const missing = missingCharts(view);
    this.missing.hidden = missing === undefined;
    this.missing.textContent = missing ?? '';
    this.draw(theme);
  }

  /** Draws, or draws again, after the theme changed. */
  draw(theme: Theme): void {
    this.theme = theme;
    this.isDrawn = false;
    // Tells again whether the charts are in sight.
    this.observer.unobserve(this.grid);
    this.observer.observe(this.grid);
  }

  private drawNow(): void {
    const { theme } = this;
    if (this.isDrawn || !theme) return;
    this.isDrawn = true;
    this.charts.forEach(chart => chart.draw(theme));
  }

  /** Marks the values of a layer that is pointed at elsewhere. */
  point(layer: number | undefined): void {
    this.charts.forEach(chart => chart.mark(layer));
  }
}
