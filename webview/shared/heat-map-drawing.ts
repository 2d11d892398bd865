/** @file Draws a heat map: only the columns in view, from a picture of one pixel for each cell. */
import { cssColour, readableOn, type Rgb } from './colour-scale';
import type { Dots, HeatMapData, Pointer } from './heat-map-data';
import { type Cell, cellRectangle, type Plot, ticks } from './heat-map-geometry';
import type { PixelLevels } from './pixel-levels';
import type { Theme } from './theme';

export interface Drawing {
  data: HeatMapData;
  levels: PixelLevels;
  plot: Plot;
  theme: Theme;
  pointer: Pointer | undefined;
  /** Column in a frame. */
  selected: number | undefined;
  dots: Dots | undefined;
}

/** Draws everything on a cleared canvas whose unit is the CSS pixel. */
export function drawHeatMap(context: CanvasRenderingContext2D, drawing: Drawing, ratio: number): void {
  const { plot } = drawing;
  if (plot.columns > 0 && plot.rows > 0) drawCells(context, drawing, ratio);
  drawAxes(context, drawing);
  drawScrollBar(context, drawing);
  context.save();
  context.beginPath();
  context.rect(plot.left - 1, 0, plot.width + 2, plot.top + plot.height + 1);
  context.clip();
  drawBands(context, drawing);
  drawStars(context, drawing);
  drawDots(context, drawing);
  drawPointer(context, drawing);
  context.restore();
}

function drawCells(context: CanvasRenderingContext2D, { levels, plot }: Drawing, ratio: number): void {
  const { first, visible } = plot.viewport;
  const { canvas, factor } = levels.at(visible, plot.width * ratio);
  context.imageSmoothingEnabled = false;
  context.drawImage(
    canvas,
    ...[first / factor, 0, visible / factor, plot.rows],
    ...[plot.left, plot.top, plot.width, plot.height],
  );
}

function drawAxes(context: CanvasRenderingContext2D, { data, plot, theme }: Drawing): void {
  context.font = `11px ${theme.font}`;
  context.fillStyle = cssColour(theme.muted);
  context.textBaseline = 'middle';
  context.textAlign = 'right';
  for (const row of ticks(0, plot.rows, plot.height / 18)) {
    const { y, height } = cellRectangle(plot, { row, column: 0 });
    context.fillText(data.rowLabels[row], plot.left - 8, y + height / 2);
  }
  const { first, visible } = plot.viewport;
  const below = plot.top + plot.height + 13;
  context.textAlign = 'left';
  context.fillText(data.columnName, plot.left, below);
  const reserved = plot.left + context.measureText(data.columnName).width + 16;
  context.textAlign = 'center';
  for (const column of ticks(first, first + visible, plot.width / 60)) {
    const { x, width } = cellRectangle(plot, { row: 0, column });
    const middle = x + width / 2;
    if (middle < reserved || middle > plot.left + plot.width - 8) continue;
    context.fillText(String(column), middle, below);
  }
}

/** Under the cells, where not all columns are in view: which part is. */
function drawScrollBar(context: CanvasRenderingContext2D, { plot, theme }: Drawing): void {
  const { first, visible } = plot.viewport;
  if (visible >= plot.columns) return;
  const [y, height] = [plot.top + plot.height + 2, 3];
  context.fillStyle = cssColour(theme.muted, 0.25);
  context.fillRect(plot.left, y, plot.width, height);
  context.fillStyle = cssColour(theme.muted);
  const scale = plot.width / plot.columns;
  context.fillRect(plot.left + first * scale, y, Math.max(4, visible * scale), height);
}

function drawBands(context: CanvasRenderingContext2D, { data, plot, theme }: Drawing): void {
  for (const { from, to, line } of data.bands ?? []) {
    const start = cellRectangle(plot, { row: 0, column: from });
    const end = cellRectangle(plot, { row: 0, column: to });
    context.strokeStyle = cssColour(line === 'solid' ? theme.accent : theme.foreground);
    context.lineWidth = 3;
    context.setLineDash(line === 'solid' ? [] : [3, 3]);
    context.beginPath();
    context.moveTo(start.x, plot.top - 3.5);
    context.lineTo(end.x, plot.top - 3.5);
    context.stroke();
    context.setLineDash([]);
  }
}

function drawStars(context: CanvasRenderingContext2D, { data, plot, theme }: Drawing): void {
  if (!data.isMarked) return;
  const size = cellRectangle(plot, { row: 0, column: 0 });
  context.textAlign = 'center';
  context.font = `${Math.max(6, Math.min(13, size.width - 1, size.height - 3))}px ${theme.font}`;
  for (let row = 0; row < plot.rows; row++) {
    for (let column = 0; column < plot.columns; column++) {
      if (!data.isMarked({ row, column })) continue;
      const { x, y, width, height } = cellRectangle(plot, { row, column });
      context.fillStyle = cssColour(readableOn(pixel(data, { row, column }), theme.foreground));
      context.fillText('★', x + width / 2, y + height / 2 + 0.5);
    }
  }
}

/** Dots with a rim, so that they stand out from any cell. Where columns are narrow, one for each pixel that has any. */
function drawDots(context: CanvasRenderingContext2D, { plot, theme, dots }: Drawing): void {
  if (!dots) return;
  const { first, visible } = plot.viewport;
  const size = cellRectangle(plot, { row: dots.row, column: 0 });
  const radius = Math.max(1.5, Math.min(3.5, size.height / 3, size.width / 2));
  let last = -Infinity;
  context.fillStyle = cssColour(theme.foreground);
  context.strokeStyle = cssColour(theme.background);
  context.lineWidth = 1;
  for (const column of dots.columns) {
    if (column + 1 < first || column > first + visible) continue;
    const { x, y, width, height } = cellRectangle(plot, { row: dots.row, column });
    if (x + width / 2 - last < 1) continue;
    last = x + width / 2;
    context.beginPath();
    context.arc(last, y + height / 2, radius, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
  }
}

function drawPointer(context: CanvasRenderingContext2D, { plot, theme, pointer, selected }: Drawing): void {
  const frame = (x: number, y: number, width: number, height: number, colour: Rgb, line: number): void => {
    context.strokeStyle = cssColour(colour);
    context.lineWidth = line;
    context.strokeRect(x, y, width, height);
  };
  if (selected !== undefined) {
    const { x, width } = cellRectangle(plot, { row: 0, column: selected });
    frame(x, plot.top, width, plot.height, theme.background, 4);
    frame(x, plot.top, width, plot.height, theme.accent, 2);
  }
  const { row, column } = pointer ?? {};
  if (column !== undefined) {
    const { x, width } = cellRectangle(plot, { row: 0, column });
    frame(x, plot.top, width, plot.height, theme.foreground, 1);
  }
  if (row !== undefined) {
    const { y, height } = cellRectangle(plot, { row, column: 0 });
    frame(plot.left, y, plot.width, height, theme.foreground, 1);
  }
  if (row !== undefined && column !== undefined) {
    const { x, y, width, height } = cellRectangle(plot, { row, column });
    frame(x, y, width, height, theme.foreground, 2);
  }
}

function pixel(data: HeatMapData, cell: Cell): Rgb {
  const at = (cell.row * data.columns + cell.column) * 4;
  return [data.pixels[at], data.pixels[at + 1], data.pixels[at + 2]];
}
