/** @file Line charts by chart.js in the page's colours. Only what is used is registered. */
import './line-chart.css';

import {
  Chart,
  type ChartDataset,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
} from 'chart.js';

import { cssColour, type Rgb } from './colour-scale';
import { element } from './dom';
import type { Theme } from './theme';

Chart.register(LineController, LineElement, PointElement, LinearScale, Tooltip);

export interface Series {
  name: string;
  points: readonly { x: number; y: number | null }[];
  colour: (theme: Theme) => Rgb;
  dashed?: boolean;
  /** Mark every point with a dot. */
  dots?: boolean;
}

export interface LineChartOptions {
  title: string;
  series: readonly Series[];
  /** The unit of x, for the axis and the tooltip: `layer`. */
  xName: string;
  /** Before the numbers of the x axis: `L`. */
  tickPrefix?: string;
  formatY: (value: number) => string;
  /** Where the y axis has to reach at least. */
  suggestedMax?: number;
  /** More lines of the tooltip at this x. */
  footer?: (x: number) => string[];
}

/** A figure with a title, a key of its lines and the chart; `draw` again after the theme changed. */
export class LineChart {
  readonly root: HTMLElement;
  private readonly canvas = element('canvas', { role: 'img' });
  private chart: Chart<'line', { x: number; y: number | null }[]> | undefined;

  constructor(private readonly options: LineChartOptions) {
    const key = options.series.length > 1 ? options.series.map(series => keyEntry(series)) : [];
    this.root = element(
      'figure',
      { class: 'line-chart' },
      element(
        'figcaption',
        {},
        element('span', {}, options.title),
        element('span', { class: 'key' }, ...key),
      ),
      element('div', { class: 'canvas' }, this.canvas),
    );
    this.canvas.setAttribute('aria-label', describe(options));
  }

  /** Draws, or draws again, in the colours of `theme`. The figure must be in the page. */
  draw(theme: Theme): void {
    this.root.querySelectorAll<HTMLElement>('.swatch').forEach((swatch, i) => {
      swatch.style.borderTopColor = cssColour(this.options.series[i].colour(theme));
    });
    this.chart?.destroy();
    this.chart = new Chart(this.canvas, {
      type: 'line',
      data: { datasets: this.options.series.map(series => dataset(series, theme)) },
      options: this.chartOptions(theme),
    });
  }

  /** Frees the chart's listeners. */
  destroy(): void {
    this.chart?.destroy();
  }

  private chartOptions(theme: Theme): NonNullable<ConstructorParameters<typeof Chart<'line'>>[1]['options']> {
    const { xName, tickPrefix = '', formatY, suggestedMax, footer } = this.options;
    const font = { family: theme.font, size: 11 };
    const ticks = { color: cssColour(theme.muted), font };
    const xs = this.options.series.flatMap(series => series.points.map(point => point.x));
    return {
      animation: false,
      maintainAspectRatio: false,
      parsing: false,
      normalized: true,
      interaction: { mode: 'index', axis: 'x', intersect: false },
      scales: {
        x: {
          type: 'linear',
          min: Math.min(...xs),
          max: Math.max(...xs),
          grid: { display: false },
          border: { color: cssColour(theme.line) },
          title: { display: false },
          ticks: {
            ...ticks,
            precision: 0,
            maxTicksLimit: 8,
            maxRotation: 0,
            callback: value => `${tickPrefix}${value}`,
          },
        },
        y: {
          beginAtZero: true,
          suggestedMax,
          border: { display: false },
          grid: { color: cssColour(theme.muted, 0.25) },
          ticks: { ...ticks, maxTicksLimit: 5, callback: value => formatY(Number(value)) },
        },
      },
      plugins: {
        tooltip: {
          animation: false,
          backgroundColor: cssColour(theme.background),
          titleColor: cssColour(theme.foreground),
          bodyColor: cssColour(theme.foreground),
          footerColor: cssColour(theme.foreground),
          footerFont: { weight: 'normal' },
          borderColor: cssColour(theme.line),
          borderWidth: 1,
          cornerRadius: 3,
          callbacks: {
            title: items => `${xName} ${items[0]?.parsed.x ?? ''}`,
            label: item => `${item.dataset.label ?? ''} ${formatY(item.parsed.y ?? 0)}`,
            footer: items => (items[0] ? (footer?.(items[0].parsed.x ?? 0) ?? []) : []),
          },
        },
      },
    };
  }
}

function dataset(series: Series, theme: Theme): ChartDataset<'line', { x: number; y: number | null }[]> {
  const colour = cssColour(series.colour(theme));
  return {
    label: series.name,
    data: [...series.points],
    borderColor: colour,
    backgroundColor: colour,
    borderWidth: 1.8,
    borderDash: series.dashed ? [5, 4] : [],
    pointRadius: series.dots ? 2.5 : 0,
    pointHoverRadius: 4,
    pointHitRadius: 8,
  };
}

function keyEntry(series: Series): HTMLElement {
  const swatch = element('i', { class: series.dashed ? 'swatch dashed' : 'swatch' });
  return element('span', {}, swatch, series.name);
}

/** The chart in words, for screen readers. */
function describe({ title, series, xName, formatY }: LineChartOptions): string {
  const lines = series.map(({ name, points }) => {
    const known = points.filter((point): point is { x: number; y: number } => point.y !== null);
    if (known.length === 0) return `${name}: no values`;
    const top = known.reduce((best, point) => (point.y > best.y ? point : best));
    const [first, last] = [known[0], known[known.length - 1]];
    return `${name}: from ${formatY(first.y)} at ${xName} ${first.x} to ${formatY(last.y)} at ${xName} ${last.x}, highest ${formatY(top.y)} at ${xName} ${top.x}`;
  });
  return `${title}. ${lines.join('; ')}.`;
}
