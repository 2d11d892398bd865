/** @file Horizontal bars with intervals: a row for each thing that is compared, a bar for each quantity. */
import type { Panel } from './figure';
import { aroundZero, extent, linearScale } from './scale';
import { gridLine, ink, muted, shortened, textWidth } from './style';
import { element, label, line } from './svg';

export interface Bar {
  readonly colour: string;
  /** undefined: not known. */
  readonly value?: number;
  readonly interval?: readonly [low: number, high: number];
}

export interface BarPanelOptions {
  /** May be empty. */
  readonly title: string;
  readonly xName: string;
  readonly rows: readonly { readonly name: string; readonly bars: readonly Bar[] }[];
  readonly format: (value: number) => string;
  /** Where the axis has to reach at least. */
  readonly atLeast?: number;
  readonly width?: number;
}

const barHeight = 13;
const rowGap = 12;

export function barPanel(options: BarPanelOptions): Panel {
  const { title, xName, rows, format, atLeast = 0, width = 460 } = options;
  const bars = rows.flatMap(row => row.bars);
  const names = rows.map(row => shortened(row.name, 40));
  const left = Math.max(...names.map(name => textWidth(name))) + 12;
  const longest = Math.max(...bars.map(({ value }) => textWidth(value === undefined ? '' : format(value))));
  const right = Math.max(left + 140, width - longest - 12);
  const reached = extent([...bars.flatMap(({ value, interval = [] }) => [value, ...interval]), atLeast]);
  const x = linearScale(aroundZero(reached), [left, right]);
  const top = title === '' ? 8 : 34;
  let next = top;
  const drawn = rows.flatMap(({ bars: own }, i) => {
    const middle = next + (own.length * barHeight) / 2;
    const parts = own.flatMap((bar, n) => drawBar(bar, next + n * barHeight, x, format));
    next += own.length * barHeight + rowGap;
    return [label(left - 8, middle, names[i], { 'text-anchor': 'end' }), ...parts];
  });
  const bottom = next - rowGap / 2;
  const content = [
    ...(title === '' ? [] : [label(0, 8, title, { 'font-weight': 600 })]),
    ...x.ticks.flatMap(tick => [
      line(x(tick), top - 8, x(tick), bottom, { stroke: tick === 0 ? ink : gridLine, 'stroke-width': 1 }),
      label(x(tick), bottom + 12, x.format(tick), { 'text-anchor': 'middle', fill: muted, 'font-size': 11 }),
    ]),
    ...drawn,
    label((left + right) / 2, bottom + 32, xName, { 'text-anchor': 'middle', fill: muted }),
  ];
  return { width: right + longest + 12, height: bottom + 44, content: content.join('') };
}

function drawBar(
  { colour, value, interval }: Bar,
  upper: number,
  x: (value: number) => number,
  format: (value: number) => string,
): string[] {
  if (value === undefined) return [label(x(0) + 6, upper + barHeight / 2, 'not known', { fill: muted })];
  const middle = upper + barHeight / 2;
  const [from, to] = [Math.min(x(0), x(value)), Math.max(x(0), x(value))];
  const end = Math.max(to, ...(interval ?? []).map(x));
  return [
    element('rect', { x: from, y: upper + 1, width: to - from, height: barHeight - 2, fill: colour }),
    ...(interval ? [whisker(x(interval[0]), x(interval[1]), middle)] : []),
    label(end + 6, middle, format(value), { 'font-size': 11 }),
  ];
}

function whisker(from: number, to: number, y: number): string {
  const style = { stroke: ink, 'stroke-width': 1.2 };
  const ends = [from, to].map(x => line(x, y - 3, x, y + 3, style));
  return [line(from, y, to, y, style), ...ends].join('');
}
