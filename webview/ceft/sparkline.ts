/** @file A small curve with its last value in numbers. */
import { t } from '@vscode/l10n';

import { element } from '../shared/dom';

interface Point {
  step: number;
  value: number;
}

const [width, height, margin] = [240, 36, 2];
const svgNamespace = 'http://www.w3.org/2000/svg';

export class Sparkline {
  readonly root = element('figure', { class: 'sparkline', hidden: true });
  private readonly name = element('span');
  private readonly last = element('b');
  private readonly svg = document.createElementNS(svgNamespace, 'svg');
  private readonly line = document.createElementNS(svgNamespace, 'polyline');
  private readonly end = document.createElementNS(svgNamespace, 'path');

  constructor(
    private title: string,
    private format: (value: number) => string,
  ) {
    this.name.textContent = title;
    this.svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    this.svg.setAttribute('role', 'img');
    // The picture is stretched; strokes are not, so that a line without length stays a round dot.
    this.svg.setAttribute('preserveAspectRatio', 'none');
    this.svg.append(this.line, this.end);
    this.root.append(element('figcaption', {}, this.name, this.last), this.svg);
  }

  rename(title: string, format: (value: number) => string): void {
    this.title = title;
    this.format = format;
    this.name.textContent = title;
  }

  show(points: readonly Point[]): void {
    const last = points.at(-1);
    this.root.hidden = last === undefined;
    if (!last) return;
    const places = placesOf(points);
    this.line.setAttribute('points', places.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' '));
    const [x, y] = places[places.length - 1];
    this.end.setAttribute('d', `M${x.toFixed(1)} ${y.toFixed(1)}h0`);
    this.last.textContent = this.format(last.value);
    this.svg.setAttribute('aria-label', this.describe(points));
  }

  private describe(points: readonly Point[]): string {
    const [first, last] = [points[0], points[points.length - 1]];
    return t(
      '{0}: {1} at step {2}, {3} at step {4}',
      ...[this.title, this.format(first.value), first.step, this.format(last.value), last.step],
    );
  }
}

/** Places in the picture: the axes begin and end with the data. A constant curve lies in the middle. */
export function placesOf(points: readonly Point[]): [x: number, y: number][] {
  const steps = points.map(({ step }) => step);
  const values = points.map(({ value }) => value);
  const [firstStep, lastStep] = [Math.min(...steps), Math.max(...steps)];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const scaled = (value: number, from: number, to: number, size: number): number =>
    margin + (to > from ? (value - from) / (to - from) : 0.5) * (size - 2 * margin);
  return points.map(({ step, value }) => [
    scaled(step, firstStep, lastStep, width),
    height - scaled(value, low, high, height),
  ]);
}
