/** @file Lines over layers, positions or steps, each within the band of its intervals. */
import type { Estimate } from '../protocol/evaluation';
import type { Panel } from './figure';
import { aroundZero, extent, linearScale, type Range, type Scale } from './scale';
import { type Dash, gridLine, ink, muted, textWidth } from './style';
import { element, label, line, pathThrough } from './svg';

export interface Series {
  readonly colour: string;
  readonly dash?: Dash;
  /** Where a value is null the line is broken. */
  readonly estimates: readonly Pick<Estimate, 'value' | 'low' | 'high'>[];
  /** x of each estimate; default: 0, 1, 2, … */
  readonly at?: readonly number[];
}

export interface LinePanelOptions {
  readonly title: string;
  readonly xName: string;
  readonly yName: string;
  readonly series: readonly Series[];
  /** Where x begins to count. */
  readonly first?: number;
  readonly width?: number;
  readonly height?: number;
}

/** More dots than this would hide the line. */
const mostDots = 60;

interface Known {
  readonly x: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export function linePanel(options: LinePanelOptions): Panel {
  const { title, xName, yName, series, first = 0, width = 400, height = 280 } = options;
  const places = series.flatMap(({ estimates, at }) => estimates.map((_, i) => at?.[i] ?? i));
  const values = series.flatMap(({ estimates }) =>
    estimates.flatMap(({ value, low, high }) => [value, low, high]),
  );
  const [top, bottom] = [44, height - 44];
  const y = linearScale(aroundZero(extent(values)), [bottom, top]);
  const left = Math.max(...y.ticks.map(tick => textWidth(y.format(tick)))) + 10;
  const right = width - 10;
  const [from, to] = extent(places);
  const x = (position: number): number =>
    from === to ? (left + right) / 2 : left + ((position - from) / (to - from)) * (right - left);
  const content = [
    label(0, 8, title, { 'font-weight': 600 }),
    label(0, 27, yName, { fill: muted }),
    ...y.ticks.flatMap(tick => [
      line(left, y(tick), right, y(tick), { stroke: tick === 0 ? ink : gridLine, 'stroke-width': 1 }),
      label(left - 6, y(tick), y.format(tick), { 'text-anchor': 'end', fill: muted }),
    ]),
    ...wholeTicks([from, to], right - left).map(tick =>
      label(x(tick), bottom + 16, String(first + tick), { 'text-anchor': 'middle', fill: muted }),
    ),
    label((left + right) / 2, bottom + 36, xName, { 'text-anchor': 'middle', fill: muted }),
    ...series.map(one => band(one, x, y)),
    ...series.map(one => stroke(one, x, y)),
  ];
  return { width, height, content: content.join('') };
}

/** At most as many as have room, at equal distances. */
function wholeTicks([from, to]: Range, room: number): number[] {
  const count = to - from + 1;
  const step = Math.ceil(count / Math.max(1, Math.floor(room / (14 + textWidth(String(to))))));
  return Array.from({ length: Math.ceil(count / step) }, (_, i) => from + i * step);
}

function band({ colour, estimates, at }: Series, x: (position: number) => number, y: Scale): string {
  return unbroken(estimates, at)
    .filter(points => points.some(({ low, high }) => high > low))
    .map(points => {
      const upper = points.map((point): [number, number] => [x(point.x), y(point.high)]);
      const lower = points.map((point): [number, number] => [x(point.x), y(point.low)]).reverse();
      return element('path', { d: `${pathThrough([...upper, ...lower])}Z`, fill: colour, opacity: 0.18 });
    })
    .join('');
}

function stroke(
  { colour, dash = [], estimates, at }: Series,
  x: (position: number) => number,
  y: Scale,
): string {
  const dots = estimates.length <= mostDots;
  return unbroken(estimates, at)
    .flatMap(points => [
      element('path', {
        d: pathThrough(points.map(({ x: position, value }) => [x(position), y(value)])),
        fill: 'none',
        stroke: colour,
        'stroke-width': 2.2,
        'stroke-linejoin': 'round',
        'stroke-dasharray': dash.length > 0 ? dash.join(' ') : undefined,
      }),
      ...(dots ? points : []).map(point =>
        element('circle', { cx: x(point.x), cy: y(point.value), r: 3, fill: colour }),
      ),
    ])
    .join('');
}

/** Parts without missing values. */
function unbroken(estimates: Series['estimates'], at: Series['at']): Known[][] {
  const parts: Known[][] = [[]];
  estimates.forEach(({ value, low, high }, i) => {
    if (value === null) parts.push([]);
    else parts[parts.length - 1].push({ x: at?.[i] ?? i, value, low: low ?? value, high: high ?? value });
  });
  return parts.filter(part => part.length > 0);
}
