/** @file Lines over whole numbers (layers, positions), each within the band of its intervals. */
import type { Estimate } from '../protocol/analysis-results';
import type { Panel } from './figure';
import { aroundZero, extent, linearScale, type Scale } from './scale';
import { gridLine, ink, muted, textWidth } from './style';
import { element, label, line, pathThrough } from './svg';

export interface Series {
  readonly colour: string;
  readonly dashed?: boolean;
  /** At x = 0, 1, 2, …; where a value is null the line is broken. */
  readonly estimates: readonly Estimate[];
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

interface Known {
  readonly x: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export function linePanel(options: LinePanelOptions): Panel {
  const { title, xName, yName, series, first = 0, width = 400, height = 280 } = options;
  const count = Math.max(1, ...series.map(({ estimates }) => estimates.length));
  const values = series.flatMap(({ estimates }) =>
    estimates.flatMap(({ value, low, high }) => [value, low, high]),
  );
  const [top, bottom] = [44, height - 44];
  const y = linearScale(aroundZero(extent(values)), [bottom, top]);
  const left = Math.max(...y.ticks.map(tick => textWidth(y.format(tick)))) + 10;
  const right = width - 10;
  const x = (position: number): number =>
    count === 1 ? (left + right) / 2 : left + (position / (count - 1)) * (right - left);
  const content = [
    label(0, 8, title, { 'font-weight': 600 }),
    label(0, 27, yName, { fill: muted }),
    ...y.ticks.flatMap(tick => [
      line(left, y(tick), right, y(tick), { stroke: tick === 0 ? ink : gridLine, 'stroke-width': 1 }),
      label(left - 6, y(tick), y.format(tick), { 'text-anchor': 'end', fill: muted }),
    ]),
    ...wholeTicks(count, right - left).map(tick =>
      label(x(tick), bottom + 16, String(first + tick), { 'text-anchor': 'middle', fill: muted }),
    ),
    label((left + right) / 2, bottom + 36, xName, { 'text-anchor': 'middle', fill: muted }),
    ...series.map(one => band(one, x, y)),
    ...series.map(one => stroke(one, x, y)),
  ];
  return { width, height, content: content.join('') };
}

/** At most as many as have room, at equal distances. */
function wholeTicks(count: number, room: number): number[] {
  const step = Math.ceil(count / Math.max(1, Math.floor(room / 26)));
  return Array.from({ length: Math.ceil(count / step) }, (_, i) => i * step);
}

function band({ colour, estimates }: Series, x: (position: number) => number, y: Scale): string {
  return unbroken(estimates)
    .map(points => {
      const upper = points.map((point): [number, number] => [x(point.x), y(point.high)]);
      const lower = points.map((point): [number, number] => [x(point.x), y(point.low)]).reverse();
      return element('path', { d: `${pathThrough([...upper, ...lower])}Z`, fill: colour, opacity: 0.18 });
    })
    .join('');
}

function stroke({ colour, dashed, estimates }: Series, x: (position: number) => number, y: Scale): string {
  return unbroken(estimates)
    .flatMap(points => [
      element('path', {
        d: pathThrough(points.map(({ x: position, value }) => [x(position), y(value)])),
        fill: 'none',
        stroke: colour,
        'stroke-width': 2.2,
        'stroke-linejoin': 'round',
        'stroke-dasharray': dashed ? '5 3' : undefined,
      }),
      ...points.map(point => element('circle', { cx: x(point.x), cy: y(point.value), r: 3, fill: colour })),
    ])
    .join('');
}

/** Parts without missing values. */
function unbroken(estimates: readonly Estimate[]): Known[][] {
  const parts: Known[][] = [[]];
  estimates.forEach(({ value, low, high }, position) => {
    if (value === null) parts.push([]);
    else parts[parts.length - 1].push({ x: position, value, low: low ?? value, high: high ?? value });
  });
  return parts.filter(part => part.length > 0);
}
