/** @file A heat map: a small cell for each number, rows named at the left, columns counted below, the scale above. */
import type { Panel } from './figure';
import { divergingColour } from './matrix-panel';
import { muted, textWidth } from './style';
import { element, label, translated } from './svg';

export interface HeatPanelOptions {
  readonly rows: readonly string[];
  /** What the columns are; they are counted from 0. */
  readonly columnName: string;
  /** [row][column] */
  readonly values: readonly (readonly number[])[];
  /** Default: percent. */
  readonly format?: (value: number) => string;
}

const cell = 14;
const top = 34;
/** Columns between two numbers below. */
const tickEvery = 8;

export function heatPanel(options: HeatPanelOptions): Panel {
  const { rows, columnName, values, format = value => `${(100 * value).toFixed(1)} %` } = options;
  const columns = Math.max(0, ...values.map(row => row.length));
  const [lowest, highest] = [Math.min(0, ...values.flat()), Math.max(0, ...values.flat())];
  const reach = Math.max(-lowest, highest) || 1;
  const left = Math.max(...rows.map(row => textWidth(row)), 0) + 10;
  const bottom = top + rows.length * cell;
  const content = [
    scale(left, lowest < 0 ? [-reach, reach] : [0, reach], format),
    ...rows.map((row, r) =>
      label(left - 8, top + (r + 0.5) * cell, row, { 'text-anchor': 'end', fill: muted }),
    ),
    ...values.flatMap((row, r) =>
      row.map((value, c) =>
        element('rect', {
          ...{ x: left + c * cell, y: top + r * cell, width: cell, height: cell },
          fill: divergingColour(value / reach),
        }),
      ),
    ),
    ...Array.from({ length: Math.ceil(columns / tickEvery) }, (_, i) =>
      label(left + (i * tickEvery + 0.5) * cell, bottom + 12, String(i * tickEvery), {
        ...{ 'text-anchor': 'middle', fill: muted, 'font-size': 11 },
      }),
    ),
    label(left + (columns * cell) / 2, bottom + 30, columnName, { 'text-anchor': 'middle', fill: muted }),
  ];
  return {
    width: Math.max(left + columns * cell, left + 300),
    height: bottom + 40,
    content: content.join(''),
  };
}

const steps = 21;

function scale(
  left: number,
  [from, to]: readonly [number, number],
  format: (value: number) => string,
): string {
  const start = textWidth(format(from)) + 8;
  const width = 140 / steps;
  const parts = Array.from({ length: steps }, (_, i) =>
    element('rect', {
      ...{ x: start + i * width, width: width + 0.5, height: 10 },
      fill: divergingColour((from + ((to - from) * i) / (steps - 1)) / to),
    }),
  );
  return translated(
    left,
    4,
    label(0, 5, format(from), { fill: muted }),
    ...parts,
    label(start + 148, 5, format(to), { fill: muted }),
  );
}
