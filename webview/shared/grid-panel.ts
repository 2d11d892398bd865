/** @file A heat map as a panel of a figure: cells of the same colour are one path, so that large maps stay small files. */
import type { Panel } from '../../src/figures/figure';
import { muted } from '../../src/figures/style';
import { element, label } from '../../src/figures/svg';
import { cssColour, type Rgb } from './colour-scale';
import { ticks } from './heat-map-geometry';

export interface GridPanelOptions {
  rowLabels: readonly string[];
  columns: number;
  columnName: string;
  /** Below the columns; default: numbers, as many as there is room for. */
  columnLabels?: readonly { column: number; text: string }[];
  colourAt: (row: number, column: number) => Rgb;
}

const [left, rowHeight, axis] = [44, 16, 24];
const widest = 900;

export function gridPanel(options: GridPanelOptions): Panel {
  const { rowLabels, columns, columnName, columnLabels, colourAt } = options;
  const cell = Math.max(0.5, Math.min(14, widest / Math.max(1, columns)));
  const height = rowLabels.length * rowHeight;
  const cells = cellPaths(rowLabels.length, columns, colourAt);
  const names = rowLabels.map((name, row) =>
    label(left - 8, (row + 0.5) * rowHeight, name, { 'text-anchor': 'end', fill: muted }),
  );
  const numbers = ticks(0, columns, (columns * cell) / 60)
    .filter(column => column > 0)
    .map(column => ({ column, text: String(column) }));
  return {
    width: left + columns * cell,
    height: height + axis,
    content: [
      ...names,
      element('g', { transform: `translate(${left} 0) scale(${cell} ${rowHeight})` }, ...cells),
      label(left, height + 14, columnName, { fill: muted }),
      ...(columnLabels ?? numbers).map(({ column, text }) =>
        label(left + (column + 0.5) * cell, height + 14, text, {
          'text-anchor': 'middle',
          fill: muted,
        }),
      ),
    ].join(''),
  };
}

/** In units of cells. Neighbours of one colour are one rectangle. */
function cellPaths(rows: number, columns: number, colourAt: GridPanelOptions['colourAt']): string[] {
  const paths = new Map<string, string[]>();
  for (let row = 0; row < rows; row++) {
    for (let from = 0; from < columns;) {
      const colour = cssColour(colourAt(row, from));
      let to = from + 1;
      while (to < columns && cssColour(colourAt(row, to)) === colour) to++;
      const path = paths.get(colour) ?? [];
      path.push(`M${from} ${row}h${to - from}v1h${from - to}z`);
      paths.set(colour, path);
      from = to;
    }
  }
  return [...paths].map(([fill, parts]) =>
    element('path', { fill, d: parts.join(''), 'shape-rendering': 'crispEdges' }),
  );
}
