/** @file Where the cells of a heat map lie on its canvas. CSS pixels; rows are layers, columns are tokens or experts. */

export interface Cell {
  row: number;
  column: number;
}

/** The columns in view: `first` may be fractional. */
export interface Viewport {
  first: number;
  visible: number;
}

/** The rectangle that the cells fill, and what it shows. */
export interface Plot {
  left: number;
  top: number;
  width: number;
  height: number;
  rows: number;
  columns: number;
  viewport: Viewport;
}

export interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Fewest columns that zooming in leaves in view. */
export const fewestColumns = 8;

/** The cell under a point of the canvas, or undefined outside the plot. */
export function cellAt(plot: Plot, x: number, y: number): Cell | undefined {
  const [across, down] = [(x - plot.left) / plot.width, (y - plot.top) / plot.height];
  if (!(across >= 0 && across < 1 && down >= 0 && down < 1)) return undefined;
  const column = Math.floor(plot.viewport.first + across * plot.viewport.visible);
  return { row: Math.floor(down * plot.rows), column: Math.min(column, plot.columns - 1) };
}

/** Where a cell lies; may be partly or wholly outside the plot when zoomed. */
export function cellRectangle(plot: Plot, cell: Cell): Rectangle {
  const [width, height] = [plot.width / plot.viewport.visible, plot.height / plot.rows];
  return {
    x: plot.left + (cell.column - plot.viewport.first) * width,
    y: plot.top + cell.row * height,
    width,
    height,
  };
}

/** Zooms by `factor` (below 1: closer) and keeps what is under `anchor` (0 left edge, 1 right edge) in its place. */
export function zoom(viewport: Viewport, columns: number, factor: number, anchor: number): Viewport {
  const visible = Math.min(columns, Math.max(Math.min(fewestColumns, columns), viewport.visible * factor));
  return within({ first: viewport.first + anchor * (viewport.visible - visible), visible }, columns);
}

/** Moves the view by a number of columns. */
export function pan(viewport: Viewport, columns: number, by: number): Viewport {
  return within({ ...viewport, first: viewport.first + by }, columns);
}

/** Moves the view as little as needed for `column` to lie inside. */
export function reveal(viewport: Viewport, columns: number, column: number): Viewport {
  if (column < viewport.first) return within({ ...viewport, first: column }, columns);
  if (column + 1 > viewport.first + viewport.visible) {
    return within({ ...viewport, first: column + 1 - viewport.visible }, columns);
  }
  return viewport;
}

/** Height of a row that keeps the map between a strip and a page. */
export function rowHeight(rows: number): number {
  return Math.max(8, Math.min(22, Math.floor(260 / rows)));
}

/** The positions to label: every 1, 2, 5, 10, 20 … so that at most `most` labels fit in `from` to `to` (exclusive). */
export function ticks(from: number, to: number, most: number): number[] {
  const least = Math.max(1, (to - from) / Math.max(1, most));
  const power = 10 ** Math.floor(Math.log10(least));
  const step =
    [1, 2, 5, 10].map(factor => factor * power).find(candidate => candidate >= least) ?? 10 * power;
  const positions: number[] = [];
  for (let at = Math.ceil(from / step) * step; at < to; at += step) positions.push(at);
  return positions;
}

function within(viewport: Viewport, columns: number): Viewport {
  return { ...viewport, first: Math.max(0, Math.min(columns - viewport.visible, viewport.first)) };
}
