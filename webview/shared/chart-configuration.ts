/** @file From a chart's data to what chart.js is given, in the colours of the page. Only what is used is registered. */
import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  type ChartConfiguration,
  type ChartDataset,
  type ChartOptions,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
  type TooltipItem,
} from 'chart.js';

import { type ChartData, dashOf, type LineSeries, type Tone, type Value } from './chart-data';
import { cssColour, type Rgb } from './colour-scale';
import { intervalMarks, type PlottedPoint } from './interval-marks';
import type { Theme } from './theme';

Chart.register(
  ...[LineController, LineElement, PointElement, LinearScale],
  ...[BarController, BarElement, CategoryScale, Tooltip],
);

export type Configuration = ChartConfiguration<'line' | 'bar', PlottedPoint[]>;
type Dataset = ChartDataset<'line' | 'bar', PlottedPoint[]>;
type Options = ChartOptions<'line' | 'bar'>;

/** Shapes tell groups of points apart where colours do not. */
const shapes = ['circle', 'rect', 'triangle', 'rectRot', 'star'] as const;
/** More marks than this would hide their line. */
const mostMarks = 40;

/** @param isHidden whether the user took a series out of the chart */
export function configurationOf(
  data: ChartData,
  theme: Theme,
  isHidden: (name: string) => boolean,
): Configuration {
  return {
    type: data.kind === 'bars' ? 'bar' : 'line',
    data: {
      labels: data.kind === 'bars' ? [...data.rows] : undefined,
      datasets: datasetsOf(data, theme).map(dataset => ({
        ...dataset,
        hidden: isHidden(dataset.label ?? ''),
      })),
    },
    options: optionsOf(data, theme),
    plugins: [intervalMarks(cssColour(theme.foreground))],
  };
}

export function colourOf(tone: Tone, theme: Theme): Rgb {
  if (typeof tone === 'number') return theme.data.series[tone % theme.data.series.length];
  return { base: theme.muted, tuned: theme.accent, gain: theme.data.faithful }[tone];
}

export function shapeOf(tone: Tone): (typeof shapes)[number] {
  return shapes[typeof tone === 'number' ? tone % shapes.length : 0];
}

function datasetsOf(data: ChartData, theme: Theme): Dataset[] {
  switch (data.kind) {
    case 'lines':
      return data.series.map(series => lineDataset(series, theme));
    case 'bars':
      return data.series.map(({ name, tone, values }) => ({
        label: name,
        data: values.map((value, row) => ({ ...interval(value), x: value?.y ?? NaN, y: row })),
        backgroundColor: cssColour(colourOf(tone, theme)),
        barPercentage: 0.9,
        maxBarThickness: 16,
      }));
    case 'points':
      return data.groups.map(({ name, points }, group) => ({
        label: name,
        data: points.map(({ x, y }) => ({ x, y })),
        showLine: false,
        pointStyle: shapeOf(group),
        pointRadius: 3.5,
        borderColor: cssColour(colourOf(group, theme)),
        backgroundColor: cssColour(colourOf(group, theme), 0.7),
      }));
  }
}

function lineDataset({ name, tone, points, marked = false }: LineSeries, theme: Theme): Dataset {
  const colour = cssColour(colourOf(tone, theme));
  return {
    label: name,
    data: points.map(point => ({ ...interval(point), x: point.x, y: point.y ?? NaN })),
    borderColor: colour,
    backgroundColor: colour,
    borderWidth: 1.8,
    borderDash: [...dashOf(tone)],
    pointStyle: shapeOf(tone),
    // A single point has no line to be seen by.
    pointRadius: points.length === 1 || (marked && points.length <= mostMarks) ? 2.5 : 0,
    pointHoverRadius: 4,
    pointHitRadius: 8,
    clip: 5, // marks at the edges are whole
  };
}

function interval(value: Value | undefined): Pick<PlottedPoint, 'low' | 'high'> {
  return { low: value?.low, high: value?.high };
}

/** What the pointer finds: all series at an x (they need not have the same), a row of bars, a point. */
const interactions: Record<ChartData['kind'], Options['interaction']> = {
  lines: { mode: 'nearest', axis: 'x', intersect: false },
  bars: { mode: 'index', axis: 'y', intersect: false },
  points: { mode: 'nearest', intersect: true },
};

function optionsOf(data: ChartData, theme: Theme): Options {
  return {
    animation: false,
    maintainAspectRatio: false,
    parsing: false,
    normalized: data.kind === 'lines',
    indexAxis: data.kind === 'bars' ? 'y' : 'x',
    interaction: interactions[data.kind],
    scales: scalesOf(data, theme),
    plugins: { tooltip: { ...tooltipLook(theme), callbacks: tooltipTexts(data) } },
  };
}

function scalesOf(data: ChartData, theme: Theme): NonNullable<Options['scales']> {
  const ticks = { color: cssColour(theme.muted), font: { family: theme.font, size: 11 } };
  const grid = { color: cssColour(theme.muted, 0.25) };
  const border = { color: cssColour(theme.line) };
  const values: ScaleOptions = {
    type: 'linear',
    beginAtZero: true,
    border: { display: false },
    grid,
    ticks: { ...ticks, maxTicksLimit: 5, maxRotation: 0, callback: value => data.format(Number(value)) },
    ...valueRange(data),
  };
  switch (data.kind) {
    case 'lines': {
      const xs = data.series.flatMap(series => series.points.map(point => point.x));
      const label = (value: string | number): string => `${data.tickPrefix ?? ''}${value}`;
      return {
        x: {
          type: 'linear',
          ...(data.xEnd === undefined
            ? { min: smallest(xs), max: largest(xs) }
            : { min: smallest([0, ...xs]), max: largest([data.xEnd, ...xs]) }),
          grid: { display: false },
          border,
          ticks: { ...ticks, precision: 0, maxTicksLimit: 8, maxRotation: 0, callback: label },
        },
        y: values,
      };
    }
    case 'bars':
      return {
        x: values,
        y: { type: 'category', grid: { display: false }, border, ticks: { ...ticks, autoSkip: false } },
      };
    case 'points': {
      // Neither axis has a unit: a frame is enough.
      const bare: ScaleOptions = {
        type: 'linear',
        ticks: { display: false },
        grid: { display: false },
        border,
        grace: '5%',
      };
      return { x: bare, y: bare };
    }
  }
}

type ScaleOptions = NonNullable<NonNullable<Options['scales']>[string]>;

/** Intervals have to fit, too: chart.js knows only of the values. */
function valueRange(data: ChartData): { suggestedMin?: number; suggestedMax?: number } {
  if (data.kind === 'points') return {};
  const values: readonly (Value | undefined)[] = data.series.flatMap(
    (series): readonly (Value | undefined)[] => ('points' in series ? series.points : series.values),
  );
  const ends = values.flatMap(value => [value?.low, value?.high]).filter(end => typeof end === 'number');
  const { suggestedMax = 0 } = data;
  return { suggestedMin: smallest([0, ...ends]), suggestedMax: largest([suggestedMax, ...ends]) };
}

function tooltipLook(theme: Theme): NonNullable<NonNullable<Options['plugins']>['tooltip']> {
  const foreground = cssColour(theme.foreground);
  return {
    animation: false,
    backgroundColor: cssColour(theme.background),
    titleColor: foreground,
    bodyColor: foreground,
    footerColor: foreground,
    footerFont: { weight: 'normal' },
    borderColor: cssColour(theme.line),
    borderWidth: 1,
    cornerRadius: 3,
  };
}

type Item = TooltipItem<'line' | 'bar'>;

function tooltipTexts(data: ChartData): {
  title: (items: Item[]) => string;
  label: (item: Item) => string;
  footer: (items: Item[]) => string[];
} {
  return {
    title: ([item]) => (item === undefined ? '' : headOf(data, item.datasetIndex, item.dataIndex)),
    label: ({ datasetIndex, dataIndex }) => saidOf(data, datasetIndex, dataIndex),
    footer: ([item]) =>
      item !== undefined && data.kind === 'lines' ? (data.footer?.(item.parsed.x ?? 0) ?? []) : [],
  };
}

/** What stands at a place of the chart: `layer 3`, a condition, a point's name. */
export function headOf(data: ChartData, series: number, index: number): string {
  switch (data.kind) {
    case 'lines':
      return `${data.xName} ${data.series[series].points[index].x}`;
    case 'bars':
      return data.rows[index];
    case 'points':
      return data.groups[series].points[index].label;
  }
}

/** A series' value at a place with its interval. */
export function saidOf(data: ChartData, series: number, index: number): string {
  if (data.kind === 'points') return data.groups[series].name;
  const one = data.series[series];
  const value: Value | undefined = 'points' in one ? one.points[index] : one.values[index];
  if (value === undefined || value.y === null) return `${one.name} –`;
  const { y, low, high } = value;
  const hasInterval = typeof low === 'number' && typeof high === 'number' && high > low;
  return `${one.name} ${data.format(y)}${hasInterval ? ` (${data.format(low)} … ${data.format(high)})` : ''}`;
}

function smallest(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((a, b) => Math.min(a, b));
}

function largest(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((a, b) => Math.max(a, b));
}
