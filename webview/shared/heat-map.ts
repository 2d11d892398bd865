/** @file A heat map on one canvas: an image of one pixel for each cell, scaled without smoothing, with labels and a cross-hair. */
import './heat-map.css';

import { cssColour, readableOn, type Rgb } from './colour-scale';
import { element } from './dom';
import {
  type Cell,
  cellAt,
  cellRectangle,
  pan,
  type Plot,
  reveal,
  rowHeight,
  ticks,
  type Viewport,
  zoom,
} from './heat-map-geometry';
import type { Theme } from './theme';

/** A range of columns, end exclusive. */
export interface Band {
  from: number;
  to: number;
  line: 'solid' | 'dotted';
}

export interface HeatMapData {
  rowLabels: readonly string[];
  columns: number;
  /** RGBA, one pixel for each cell, row by row. */
  pixels: Uint8ClampedArray<ArrayBuffer>;
  /** What the columns are, for the axis: `token`. */
  columnName: string;
  /** What a screen reader says of the whole picture. */
  description: string;
  /** Ranges of columns with a line over them. */
  bands?: readonly Band[];
  /** Cells that carry a ★. */
  isMarked?: (cell: Cell) => boolean;
}

export interface HeatMapEvents {
  /** The pointer or the keyboard moved to a cell, or left. */
  hover: (cell: Cell | undefined) => void;
  /** A cell was clicked, or Enter pressed on it. */
  select?: (cell: Cell) => void;
}

const gutter = { left: 40, top: 8, right: 1, bottom: 20 };

export class HeatMap {
  readonly root = element('div', { class: 'heat-map' });
  private readonly canvas = element('canvas', { tabindex: 0, role: 'img' });
  private readonly image = document.createElement('canvas');
  private data: HeatMapData | undefined;
  private viewport: Viewport = { first: 0, visible: 1 };
  private cursor: { row?: number; column: number } | undefined;
  private selected: number | undefined;
  private frame = 0;

  constructor(
    private theme: Theme,
    private readonly events: HeatMapEvents,
  ) {
    this.root.append(this.canvas);
    new ResizeObserver(() => this.redraw()).observe(this.root);
    // Zooming the page changes the device pixel ratio without changing the size in CSS pixels.
    window.addEventListener('resize', () => this.redraw());
    this.listen();
  }

  /** Replaces the picture. The part in view stays when the number of columns does. */
  show(data: HeatMapData, theme: Theme): void {
    if (data.columns !== this.data?.columns) this.viewport = { first: 0, visible: data.columns };
    this.data = data;
    this.theme = theme;
    [this.image.width, this.image.height] = [data.columns, data.rowLabels.length];
    if (data.columns > 0 && data.rowLabels.length > 0) {
      this.image.getContext('2d')?.putImageData(new ImageData(data.pixels, data.columns), 0, 0);
    }
    this.canvas.setAttribute('aria-label', data.description);
    this.canvas.style.height = `${gutter.top + rowHeight(data.rowLabels.length) * data.rowLabels.length + gutter.bottom}px`;
    this.redraw();
  }

  /** Moves the cross-hair (a whole column without a row) and the frame of the selected column. */
  point(cursor: { row?: number; column: number } | undefined, selected?: number): void {
    [this.cursor, this.selected] = [cursor, selected];
    this.redraw();
  }

  /** Scrolls a zoomed map so that `column` is in view. */
  reveal(column: number): void {
    if (this.data) this.look(reveal(this.viewport, this.data.columns, column));
  }

  /** Closer (`factor` below 1) or further away, around the middle. */
  zoomBy(factor: number, anchor = 0.5): void {
    if (this.data) this.look(zoom(this.viewport, this.data.columns, factor, anchor));
  }

  private look(viewport: Viewport): void {
    this.viewport = viewport;
    this.redraw();
  }

  private plot(data: HeatMapData): Plot {
    return {
      left: gutter.left,
      top: gutter.top,
      width: Math.max(1, this.canvas.clientWidth - gutter.left - gutter.right),
      height: Math.max(1, this.canvas.clientHeight - gutter.top - gutter.bottom),
      rows: data.rowLabels.length,
      columns: data.columns,
      viewport: this.viewport,
    };
  }

  private redraw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.drawNow());
  }

  /** Draws at once, for printing. */
  drawNow(): void {
    const context = this.canvas.getContext('2d');
    if (!context || !this.data || this.canvas.clientWidth === 0) return;
    const ratio = window.devicePixelRatio;
    const [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight];
    const pixels = { width: Math.round(width * ratio), height: Math.round(height * ratio) };
    // Only where needed: setting a size, even the same, makes a new buffer.
    if (this.canvas.width !== pixels.width) this.canvas.width = pixels.width;
    if (this.canvas.height !== pixels.height) this.canvas.height = pixels.height;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const plot = this.plot(this.data);
    context.imageSmoothingEnabled = false;
    if (this.data.columns > 0 && this.data.rowLabels.length > 0) {
      const { first, visible } = this.viewport;
      context.drawImage(
        this.image,
        first,
        0,
        visible,
        plot.rows,
        plot.left,
        plot.top,
        plot.width,
        plot.height,
      );
    }
    this.drawAxes(context, this.data, plot);
    context.save();
    context.beginPath();
    context.rect(plot.left - 1, 0, plot.width + 2, height);
    context.clip();
    this.drawMarks(context, this.data, plot);
    this.drawCursor(context, plot);
    context.restore();
  }

  private drawAxes(context: CanvasRenderingContext2D, data: HeatMapData, plot: Plot): void {
    context.font = `11px ${this.theme.font}`;
    context.fillStyle = cssColour(this.theme.muted);
    context.textBaseline = 'middle';
    context.textAlign = 'right';
    for (const row of ticks(0, plot.rows, plot.height / 18)) {
      const { y, height } = cellRectangle(plot, { row, column: 0 });
      context.fillText(data.rowLabels[row], plot.left - 8, y + height / 2);
    }
    context.textAlign = 'center';
    const { first, visible } = plot.viewport;
    const name = data.columnName;
    context.textAlign = 'left';
    context.fillText(name, plot.left, plot.top + plot.height + 11);
    const reserved = plot.left + context.measureText(name).width + 16;
    context.textAlign = 'center';
    for (const column of ticks(first, first + visible, plot.width / 60)) {
      const { x, width } = cellRectangle(plot, { row: 0, column });
      const middle = x + width / 2;
      if (middle < reserved || middle > plot.left + plot.width - 8) continue;
      context.fillText(String(column), middle, plot.top + plot.height + 11);
    }
  }

  private drawMarks(context: CanvasRenderingContext2D, data: HeatMapData, plot: Plot): void {
    for (const { from, to, line } of data.bands ?? []) {
      const start = cellRectangle(plot, { row: 0, column: from });
      const end = cellRectangle(plot, { row: 0, column: to });
      context.strokeStyle = cssColour(line === 'solid' ? this.theme.accent : this.theme.foreground);
      context.lineWidth = 3;
      context.setLineDash(line === 'solid' ? [] : [3, 3]);
      context.beginPath();
      context.moveTo(start.x, plot.top - 3.5);
      context.lineTo(end.x, plot.top - 3.5);
      context.stroke();
      context.setLineDash([]);
    }
    if (!data.isMarked) return;
    const size = cellRectangle(plot, { row: 0, column: 0 });
    context.font = `${Math.max(6, Math.min(13, size.width - 1, size.height - 3))}px ${this.theme.font}`;
    for (let row = 0; row < plot.rows; row++) {
      for (let column = 0; column < plot.columns; column++) {
        if (!data.isMarked({ row, column })) continue;
        const { x, y, width, height } = cellRectangle(plot, { row, column });
        context.fillStyle = cssColour(readableOn(this.pixel(data, { row, column }), this.theme.foreground));
        context.fillText('★', x + width / 2, y + height / 2 + 0.5);
      }
    }
  }

  private drawCursor(context: CanvasRenderingContext2D, plot: Plot): void {
    const frame = (
      x: number,
      y: number,
      width: number,
      height: number,
      colour: Rgb,
      thickness: number,
    ): void => {
      context.strokeStyle = cssColour(colour);
      context.lineWidth = thickness;
      context.strokeRect(x, y, width, height);
    };
    if (this.selected !== undefined) {
      const { x, width } = cellRectangle(plot, { row: 0, column: this.selected });
      frame(x, plot.top, width, plot.height, this.theme.background, 4);
      frame(x, plot.top, width, plot.height, this.theme.accent, 2);
    }
    if (!this.cursor) return;
    const { x, width } = cellRectangle(plot, { row: 0, column: this.cursor.column });
    frame(x, plot.top, width, plot.height, this.theme.foreground, 1);
    if (this.cursor.row === undefined) return;
    const cell = cellRectangle(plot, { row: this.cursor.row, column: this.cursor.column });
    frame(plot.left, cell.y, plot.width, cell.height, this.theme.foreground, 1);
    frame(cell.x, cell.y, cell.width, cell.height, this.theme.foreground, 2);
  }

  private pixel(data: HeatMapData, cell: Cell): Rgb {
    const at = (cell.row * data.columns + cell.column) * 4;
    return [data.pixels[at], data.pixels[at + 1], data.pixels[at + 2]];
  }

  private listen(): void {
    const at = (event: MouseEvent): Cell | undefined =>
      this.data && cellAt(this.plot(this.data), event.offsetX, event.offsetY);
    let dragged = 0;
    this.canvas.addEventListener('pointerdown', () => (dragged = 0));
    this.canvas.addEventListener('pointermove', event => {
      if (event.buttons === 1 && this.data) {
        dragged += Math.abs(event.movementX);
        this.drag(event.movementX, this.data);
      }
      this.events.hover(at(event));
    });
    this.canvas.addEventListener('pointerleave', () => this.events.hover(undefined));
    this.canvas.addEventListener('click', event => {
      const cell = at(event);
      if (cell && dragged < 4) this.events.select?.(cell);
    });
    const wheel = (event: WheelEvent): void => {
      this.wheel(event);
      this.events.hover(at(event));
    };
    this.canvas.addEventListener('wheel', wheel, { passive: false });
    this.canvas.addEventListener('keydown', event => this.key(event));
    this.canvas.addEventListener('blur', () => this.events.hover(undefined));
  }

  private drag(movement: number, data: HeatMapData): void {
    const plot = this.plot(data);
    this.look(pan(this.viewport, data.columns, (-movement / plot.width) * this.viewport.visible));
  }

  /** Zooms, or pans sideways. A wheel turn that changes nothing is left to the page, which then scrolls. */
  private wheel(event: WheelEvent): void {
    if (!this.data) return;
    const plot = this.plot(this.data);
    const sideways = event.shiftKey ? event.deltaX || event.deltaY : event.deltaX;
    const anchor = Math.max(0, Math.min(1, (event.offsetX - plot.left) / plot.width));
    const next =
      Math.abs(sideways) > 0 && (event.shiftKey || Math.abs(sideways) > Math.abs(event.deltaY))
        ? pan(this.viewport, plot.columns, (sideways / plot.width) * this.viewport.visible)
        : zoom(this.viewport, plot.columns, 1.002 ** event.deltaY, anchor);
    if (next.first === this.viewport.first && next.visible === this.viewport.visible) return;
    event.preventDefault();
    this.look(next);
  }

  private key(event: KeyboardEvent): void {
    if (!this.data || event.altKey || event.ctrlKey || event.metaKey) return;
    const from = this.cursor ?? { column: this.selected ?? Math.floor(this.viewport.first) };
    const moves: Record<string, [number, number]> = {
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
    };
    const zooms: Record<string, number> = { '+': 0.7, '=': 0.7, '-': 1 / 0.7, '0': Infinity };
    if (event.key in moves) {
      const clamp = (value: number, count: number): number => Math.max(0, Math.min(count - 1, value));
      const cell = {
        row: clamp((from.row ?? 0) + moves[event.key][0], this.data.rowLabels.length),
        column: clamp(from.column + moves[event.key][1], this.data.columns),
      };
      this.reveal(cell.column);
      this.events.hover(cell);
    } else if (event.key in zooms) this.zoomBy(zooms[event.key]);
    else if (event.key === 'Enter') this.events.select?.({ row: from.row ?? 0, column: from.column });
    else return;
    event.preventDefault();
  }
}
