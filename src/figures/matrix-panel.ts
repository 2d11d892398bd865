/** @file A matrix of differences: cells from blue (below zero) through white to orange (above), with their numbers. */
import type { Panel } from './figure';
import { ink, muted, paper, shortened, textWidth } from './style';
import { element, label } from './svg';

export interface MatrixPanelOptions {
  readonly rowsName: string;
  readonly columnsName: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** [row][column] */
  readonly values: readonly (readonly number[])[];
  /** A second, smaller line in each cell. */
  readonly details: readonly (readonly string[])[];
  readonly format: (value: number) => string;
}

type Rgb = readonly [number, number, number];
const white: Rgb = [255, 255, 255];
const below: Rgb = [8, 76, 156];
const above: Rgb = [190, 80, 0];

const [cellWidth, cellHeight] = [124, 56];
const top = 62;

export function matrixPanel(options: MatrixPanelOptions): Panel {
  const { rowsName, columnsName, rows, columns, values, details, format } = options;
  const names = rows.map(name => shortened(name, 34));
  const left = Math.max(textWidth(rowsName), ...names.map(name => textWidth(name))) + 14;
  const largest = Math.max(...values.flat().map(Math.abs), 1e-9);
  const cells = values.flatMap((row, r) =>
    row.map((value, c) =>
      cell(left + c * cellWidth, top + r * cellHeight, value / largest, [format(value), details[r][c]]),
    ),
  );
  const content = [
    label(left, 10, columnsName, { fill: muted }),
    label(0, top - 14, rowsName, { fill: muted }),
    ...columns.map((name, c) =>
      label(left + (c + 0.5) * cellWidth, top - 14, shortened(name, 17), { 'text-anchor': 'middle' }),
    ),
    ...names.map((name, r) => label(left - 10, top + (r + 0.5) * cellHeight, name, { 'text-anchor': 'end' })),
    ...cells,
  ];
  return {
    width: left + columns.length * cellWidth,
    height: top + rows.length * cellHeight,
    content: content.join(''),
  };
}

/** @param position −1 to 1 */
function cell(x: number, y: number, position: number, [value, detail]: readonly [string, string]): string {
  const fill = Math.abs(position) > 0.6 ? paper : ink;
  const centre = { 'text-anchor': 'middle', fill };
  return [
    element('rect', {
      x: x + 1,
      y: y + 1,
      width: cellWidth - 2,
      height: cellHeight - 2,
      rx: 3,
      fill: divergingColour(position),
    }),
    label(x + cellWidth / 2, y + 20, value, { ...centre, 'font-size': 15, 'font-weight': 600 }),
    label(x + cellWidth / 2, y + 39, detail, { ...centre, 'font-size': 10 }),
  ].join('');
}

/** Blue at −1, white at 0, orange at 1. */
export function divergingColour(position: number): string {
  const end = position < 0 ? below : above;
  const share = Math.min(1, Math.abs(position));
  const mixed = white.map((channel, i) => Math.round(channel + (end[i] - channel) * share));
  return `rgb(${mixed.join(',')})`;
}
