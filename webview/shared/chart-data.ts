/** @file What a chart shows, and the same as a table and as a figure: plain data, no page. */
import { barPanel } from '../../src/figures/bar-panel';
import type { Cell, Table } from '../../src/figures/csv';
import { figure, type KeyEntry, type Panel } from '../../src/figures/figure';
import { linePanel } from '../../src/figures/line-panel';
import { groupKey, scatterPanel } from '../../src/figures/scatter-panel';
import {
  baseColour,
  baseDash,
  blue,
  type Dash,
  seriesColour,
  seriesDash,
  vermilion,
} from '../../src/figures/style';

/** How a series looks: the untuned model, the tuned one, the difference of both, or the n-th of several. */
export type Tone = 'base' | 'tuned' | 'gain' | number;

/** A value with its interval, where one is known. */
export interface Value {
  y: number | null;
  low?: number | null;
  high?: number | null;
}

export interface LinePoint extends Value {
  x: number;
}

export interface LineSeries {
  name: string;
  tone: Tone;
  points: readonly LinePoint[];
  /** Marks every point, where they are few. */
  marked?: boolean;
}

interface Described {
  /** With the unit of the values. */
  title: string;
  /** What is measured and how, one line; may be left out where the page says it. */
  note?: string;
  format: (value: number) => string;
}

export interface LineChartData extends Described {
  kind: 'lines';
  /** What x counts: `layer`. */
  xName: string;
  /** Before the numbers of the x axis: `L`. */
  tickPrefix?: string;
  series: readonly LineSeries[];
  /** The x axis goes from 0 to here at least; default: as far as there are points. */
  xEnd?: number;
  /** Where the y axis has to reach at least. */
  suggestedMax?: number;
  /** More lines of the tooltip at this x. */
  footer?: (x: number) => string[];
}

export interface BarChartData extends Described {
  kind: 'bars';
  /** What the rows are: `condition`. */
  rowName: string;
  rows: readonly string[];
  /** Each with a value for every row; undefined: not known. */
  series: readonly { name: string; tone: Tone; values: readonly (Value | undefined)[] }[];
  suggestedMax?: number;
}

export interface ScatterData extends Described {
  kind: 'points';
  /** What the two axes are, together: neither has a meaning of its own. */
  axes: string;
  /** `label` names a point in its tooltip and in the table. */
  groups: readonly { name: string; points: readonly { x: number; y: number; label: string }[] }[];
}

export type ChartData = LineChartData | BarChartData | ScatterData;

export interface KeyItem {
  name: string;
  tone: Tone;
}

/** What the key lists: series or groups. */
export function keyOf(data: ChartData): KeyItem[] {
  return data.kind === 'points'
    ? data.groups.map(({ name }, tone) => ({ name, tone }))
    : data.series.map(({ name, tone }) => ({ name, tone }));
}

export function dashOf(tone: Tone): Dash {
  if (tone === 'base') return baseDash;
  return typeof tone === 'number' ? seriesDash(tone) : [];
}

/** Every number of the chart. Intervals have columns of their own where there are any. */
export function chartTable(data: ChartData): Table {
  switch (data.kind) {
    case 'lines': {
      const places = [...new Set(data.series.flatMap(({ points }) => points.map(({ x }) => x)))];
      const byPlace = data.series.map(({ points }) => new Map(points.map(point => [point.x, point])));
      return valueTable(
        data.xName,
        places.sort((a, b) => a - b),
        data.series.map(({ name }, s) => ({ name, values: places.map(x => byPlace[s].get(x)) })),
      );
    }
    case 'bars':
      return valueTable(data.rowName, data.rows, data.series);
    case 'points':
      return {
        columns: ['group', 'point', 'x', 'y'],
        rows: data.groups.flatMap(({ name, points }) =>
          points.map(({ label, x, y }): Cell[] => [name, label, x, y]),
        ),
      };
  }
}

function valueTable(
  first: string,
  heads: readonly Cell[],
  series: readonly { name: string; values: readonly (Value | undefined)[] }[],
): Table {
  const parts = series.map(({ name, values }) => {
    const hasInterval = values.some(value => value?.low !== undefined && value.high !== undefined);
    return {
      columns: hasInterval ? [name, `${name} low`, `${name} high`] : [name],
      cells: (i: number): Cell[] =>
        hasInterval ? [values[i]?.y, values[i]?.low, values[i]?.high] : [values[i]?.y],
    };
  });
  return {
    columns: [first, ...parts.flatMap(({ columns }) => columns)],
    rows: heads.map((head, i) => [head, ...parts.flatMap(({ cells }) => cells(i))]),
  };
}

/** The chart as an SVG document, dark on white whatever the theme is: for papers and slides. */
export function chartFigure(data: ChartData): string {
  const { title, note } = data;
  const key = keyEntries(data);
  // The key names the groups of points, and series where there are several.
  const shown = data.kind === 'points' || key.length > 1 ? key : [];
  return figure({ title, note, key: shown, panels: [panelOf(data)] });
}

function keyEntries(data: ChartData): KeyEntry[] {
  if (data.kind === 'points') return groupKey(data.groups.map(({ name }) => name));
  return data.series.map(({ name, tone }) =>
    data.kind === 'bars'
      ? { name, colour: paperColour(tone), mark: 'square' }
      : { name, colour: paperColour(tone), dash: dashOf(tone) },
  );
}

function panelOf(data: ChartData): Panel {
  switch (data.kind) {
    case 'lines':
      return linePanel({
        title: '',
        xName: data.xName,
        yName: '',
        series: data.series.map(({ tone, points }) => ({
          colour: paperColour(tone),
          dash: dashOf(tone),
          at: points.map(({ x }) => x),
          estimates: points.map(({ y, low = null, high = null }) => ({ value: y, low, high })),
        })),
        width: 560,
      });
    case 'bars':
      return barPanel({
        title: '',
        xName: '',
        rows: data.rows.map((name, r) => ({
          name,
          bars: data.series.map(({ tone, values }) => paperBar(paperColour(tone), values[r])),
        })),
        format: data.format,
        atLeast: data.suggestedMax,
        width: 620,
      });
    case 'points':
      return scatterPanel(
        data.groups.flatMap(({ points }, group) => points.map(({ x, y }) => ({ x, y, group }))),
        data.axes,
      );
  }
}

function paperBar(colour: string, value: Value | undefined): { colour: string; value?: number } {
  if (value === undefined || value.y === null) return { colour };
  const { y, low, high } = value;
  return typeof low === 'number' && typeof high === 'number'
    ? { colour, value: y, ...{ interval: [low, high] } }
    : { colour, value: y };
}

function paperColour(tone: Tone): string {
  if (typeof tone === 'number') return seriesColour(tone);
  return { base: baseColour, tuned: blue, gain: vermilion }[tone];
}

/** The chart in words, for screen readers. */
export function describeChart(data: ChartData): string {
  const parts = wordsOf(data);
  return `${data.title}. ${parts.join('; ')}.`;
}

function wordsOf(data: ChartData): string[] {
  const { format } = data;
  switch (data.kind) {
    case 'lines':
      return data.series.map(({ name, points }) => {
        const known = points.filter((point): point is { x: number; y: number } => point.y !== null);
        if (known.length === 0) return `${name}: no values`;
        const top = known.reduce((best, point) => (point.y > best.y ? point : best));
        const say = ({ x, y }: { x: number; y: number }): string => `${format(y)} at ${data.xName} ${x}`;
        return `${name}: from ${say(known[0])} to ${say(known[known.length - 1])}, highest ${say(top)}`;
      });
    case 'bars':
      return data.series.map(({ name, values }) => {
        const said = data.rows.map((row, r) => {
          const y = values[r]?.y;
          return `${row} ${typeof y === 'number' ? format(y) : 'not known'}`;
        });
        return `${name}: ${said.join(', ')}`;
      });
    case 'points':
      return data.groups.map(({ name, points }) => `${name}: ${points.length} points`);
  }
}
