/** @file A chart by chart.js as a figure: title, key that hides series, keyboard, a table of the same numbers, pictures of it. */
import './chart.css';

import { Chart as ChartJs } from 'chart.js';

import { csv } from '../../src/figures/csv';
import { configurationOf, headOf, saidOf } from './chart-configuration';
import { type ChartData, chartFigure, chartTable, describeChart, keyOf } from './chart-data';
import { keyButton } from './chart-key';
import { element } from './dom';
import type { PlottedChart } from './interval-marks';
import { pictureMenu, type SaveFile } from './picture';
import type { Theme } from './theme';
import { toggledTable } from './toggled-table';

export interface ChartOptions {
  /** Offers pictures and numbers of the chart as files. */
  save?: SaveFile;
  /** Height of the drawing in CSS pixels; default: 150, of bars what they need. */
  height?: number;
  /** The pointer or the keyboard is at another x of a line chart, or left. */
  hover?: (x: number | undefined) => void;
}

/** A place of the chart: one x, row or point. */
interface Place {
  series: number;
  index: number;
}

export class Chart {
  readonly root: HTMLElement;
  private readonly title = element('span', { class: 'title' });
  private readonly key = element('span', { class: 'key' });
  private readonly canvas = element('canvas', { role: 'img', tabindex: 0 });
  private readonly readout = element('div', { class: 'visually-hidden', 'aria-live': 'polite' });
  private readonly drawing = element('div', { class: 'canvas' }, this.canvas, this.readout);
  private readonly table = toggledTable(() => chartTable(this.data), this.drawing);
  private readonly hidden = new Set<string>();
  private chart: PlottedChart | undefined;
  private theme: Theme | undefined;
  private cursor: number | undefined;
  private marked: number | undefined;

  constructor(
    private data: ChartData,
    private readonly options: ChartOptions = {},
  ) {
    const tools = element('span', { class: 'tools' }, this.table.toggle);
    if (options.save) tools.append(pictureMenu(this.picture(), options.save).root);
    const caption = element('figcaption', {}, this.title, this.key, tools);
    this.root = element('figure', { class: 'chart' }, caption, this.drawing, this.table.root);
    this.canvas.addEventListener('keydown', event => this.press(event));
    this.canvas.addEventListener('blur', () => this.pointAt(undefined));
    this.canvas.addEventListener('pointermove', () => this.hover());
    this.canvas.addEventListener('pointerleave', () => this.options.hover?.(undefined));
    this.describe();
  }

  /** Draws, or draws again, in the colours of `theme`. The figure must be in the page. */
  draw(theme: Theme): void {
    this.theme = theme;
    this.showKey(theme);
    this.chart?.destroy();
    this.chart = new ChartJs(this.canvas, this.configuration(theme));
  }

  /** Shows other numbers, of the same kind of chart. What is hidden stays so. */
  update(data: ChartData): void {
    const before = keyOf(this.data).map(({ name }) => name);
    this.data = data;
    this.cursor = undefined;
    this.describe();
    this.table.refresh();
    if (!this.theme || !this.chart) return;
    if (
      before.join('\n') !==
      keyOf(data)
        .map(({ name }) => name)
        .join('\n')
    )
      this.showKey(this.theme);
    const { data: plotted, options } = this.configuration(this.theme);
    this.chart.data = plotted;
    this.chart.options = options ?? {};
    this.chart.update('none');
  }

  /** Marks the values at an x of a line chart that is pointed at elsewhere. */
  mark(x: number | undefined): void {
    if (!this.chart || x === this.marked || this.canvas.matches(':hover, :focus')) return;
    this.marked = x;
    const places = x === undefined ? [] : (this.stops().find(([place]) => this.xOf(place) === x) ?? []);
    this.chart.setActiveElements(places.map(({ series, index }) => ({ datasetIndex: series, index })));
    this.chart.render();
  }

  /** Frees the chart's listeners. */
  destroy(): void {
    this.chart?.destroy();
    this.chart = undefined;
  }

  private configuration(theme: Theme): ReturnType<typeof configurationOf> {
    return configurationOf(this.data, theme, name => this.hidden.has(name));
  }

  private describe(): void {
    this.title.textContent = this.data.title;
    this.canvas.setAttribute('aria-label', describeChart(this.data));
    const rows = this.data.kind === 'bars' ? this.data.rows.length * this.data.series.length : 0;
    const height = this.options.height ?? (rows === 0 ? 150 : 34 + 22 * rows);
    this.drawing.style.height = `${height}px`;
  }

  private picture(): Parameters<typeof pictureMenu>[0] {
    return {
      title: () => this.data.title,
      svg: () => chartFigure(this.data),
      csv: () => csv(chartTable(this.data)),
    };
  }

  /** Several series have a key; its entries take them out and in again. */
  private showKey(theme: Theme): void {
    const items = keyOf(this.data);
    const buttons = items.map(item =>
      keyButton(item, this.data.kind, theme, {
        shown: !this.hidden.has(item.name),
        toggle: shown => this.toggle(item.name, shown),
      }),
    );
    this.key.replaceChildren(...(items.length > 1 ? buttons : []));
  }

  private toggle(name: string, shown: boolean): void {
    if (shown) this.hidden.delete(name);
    else this.hidden.add(name);
    if (!this.chart) return;
    keyOf(this.data).forEach((item, i) => this.chart?.setDatasetVisibility(i, !this.hidden.has(item.name)));
    this.chart.update('none');
  }

  /** All places in the order in which the arrow keys visit them; those of one x or row are one. */
  private stops(): Place[][] {
    const { data } = this;
    const shown = keyOf(data).flatMap(({ name }, i) => (this.hidden.has(name) ? [] : [i]));
    if (data.kind === 'points') {
      return shown.flatMap(series => data.groups[series].points.map((_, index) => [{ series, index }]));
    }
    if (data.kind === 'bars') {
      return data.rows.map((_, index) => shown.map(series => ({ series, index })));
    }
    const byPlace = new Map<number, Place[]>();
    for (const series of shown) {
      data.series[series].points.forEach(({ x, y }, index) => {
        if (y !== null) byPlace.set(x, [...(byPlace.get(x) ?? []), { series, index }]);
      });
    }
    return [...byPlace].sort(([a], [b]) => a - b).map(([, places]) => places);
  }

  private xOf({ series, index }: Place): number | undefined {
    return this.data.kind === 'lines' ? this.data.series[series].points[index].x : undefined;
  }

  /** What chart.js found under the pointer. */
  private hover(): void {
    const [found] = this.chart?.getActiveElements() ?? [];
    this.options.hover?.(found && this.xOf({ series: found.datasetIndex, index: found.index }));
  }

  private press(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const stops = this.stops();
    const last = stops.length - 1;
    const at = this.cursor;
    const goals: Record<string, number | undefined> = {
      ArrowRight: Math.min(last, at === undefined ? 0 : at + 1),
      ArrowDown: Math.min(last, at === undefined ? 0 : at + 1),
      ArrowLeft: Math.max(0, at === undefined ? last : at - 1),
      ArrowUp: Math.max(0, at === undefined ? last : at - 1),
      Home: 0,
      End: last,
      Escape: undefined,
    };
    if (!(event.key in goals) || last < 0) return;
    event.preventDefault();
    this.cursor = goals[event.key];
    this.pointAt(this.cursor === undefined ? undefined : stops[this.cursor]);
  }

  /** Shows the tooltip of a place and says it. */
  private pointAt(places: Place[] | undefined): void {
    if (!places) this.cursor = undefined;
    const found = places ?? [];
    const active = found.map(({ series, index }) => ({ datasetIndex: series, index }));
    this.chart?.setActiveElements(active);
    this.chart?.tooltip?.setActiveElements(active, { x: 0, y: 0 });
    this.chart?.update('none');
    const [first] = found;
    this.options.hover?.(found.length === 0 ? undefined : this.xOf(first));
    const said = found.map(({ series, index }) => saidOf(this.data, series, index));
    this.readout.textContent =
      found.length === 0 ? '' : `${headOf(this.data, first.series, first.index)}: ${said.join(', ')}`;
  }
}
