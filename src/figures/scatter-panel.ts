/** @file Points in the plane, each group with a colour and a shape of its own. */
import type { KeyEntry, Panel } from './figure';
import { extent } from './scale';
import { gridLine, muted, seriesColour } from './style';
import { element, label, translated } from './svg';

export interface Point {
  readonly x: number;
  readonly y: number;
  /** Which group, from 0. */
  readonly group: number;
}

const size = 520;
const top = 26;
const padding = 14;

/** Both axes have the same scale: distances mean the same in every direction. */
export function scatterPanel(points: readonly Point[], axes: string): Panel {
  const [left, right] = extent(points.map(point => point.x));
  const [low, high] = extent(points.map(point => point.y));
  const span = Math.max(right - left, high - low) || 1;
  const scale = (size - 2 * padding) / span;
  const place = (value: number, from: number, to: number): number =>
    size / 2 + (value - (from + to) / 2) * scale;
  const marks = points.map(({ x, y, group }) =>
    translated(place(x, left, right), top + size - place(y, low, high), symbol(group)),
  );
  const frame = element('rect', { y: top, width: size, height: size, fill: 'none', stroke: gridLine });
  const content = [label(0, 8, axes, { fill: muted }), frame, ...marks];
  return { width: size, height: top + size, content: content.join('') };
}

export function groupKey(names: readonly string[]): KeyEntry[] {
  return names.map((name, group) => ({ name, colour: seriesColour(group), symbol: symbol(group) }));
}

/** Circle, square, triangle, diamond, cross; then they come again in other colours. */
const shapes = [
  'M-3 0A3 3 0 1 0 3 0A3 3 0 1 0 -3 0Z',
  'M-2.8 -2.8H2.8V2.8H-2.8Z',
  'M0 -3.6L3.4 2.6H-3.4Z',
  'M0 -4L3.2 0L0 4L-3.2 0Z',
  'M-1.1 -3.4H1.1V-1.1H3.4V1.1H1.1V3.4H-1.1V1.1H-3.4V-1.1H-1.1Z',
];

function symbol(group: number): string {
  return element('path', {
    d: shapes[group % shapes.length],
    fill: seriesColour(group),
    'fill-opacity': 0.75,
  });
}
