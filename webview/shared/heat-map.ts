/** @file A heat map on one canvas: an image of one pixel for each cell, scaled without smoothing, with labels and a cross-hair. */
import './heat-map.css';

import { element } from './dom';
import type { Dots, HeatMapData, HeatMapEvents, Pointer } from './heat-map-data';
import { drawHeatMap } from './heat-map-drawing';
import { type Cell, type Plot, reveal, rowHeight, type Viewport, zoom } from './heat-map-geometry';
import { type HeatMapTarget, listenTo } from './heat-map-input';
import { PixelLevels } from './pixel-levels';
import type { Theme } from './theme';

const gutter = { left: 40, top: 8, right: 1, bottom: 22 };

export class HeatMap implements HeatMapTarget {
  readonly root = element('div', { class: 'heat-map' });
  readonly canvas = element('canvas', { tabindex: 0, role: 'img' });
  private shown: { data: HeatMapData; levels: PixelLevels } | undefined;
  private viewport: Viewport = { first: 0, visible: 1 };
  private pointer: Pointer | undefined;
  private selected: number | undefined;
  private dots: Dots | undefined;
  private frame = 0;

  constructor(
    private theme: Theme,
    private readonly events: HeatMapEvents,
  ) {
    this.root.append(this.canvas);
    new ResizeObserver(() => this.redraw()).observe(this.root);
    // Zooming the page changes the device pixel ratio without changing the size in CSS pixels.
    window.addEventListener('resize', () => this.redraw());
    listenTo(this);
  }

  /** Replaces the picture. The part in view stays when the number of columns does. */
  show(data: HeatMapData, theme: Theme): void {
    const { columns, rowLabels, pixels } = data;
    if (columns !== this.shown?.data.columns) this.viewport = { first: 0, visible: columns };
    this.shown = { data, levels: new PixelLevels({ data: pixels, columns, rows: rowLabels.length }) };
    this.theme = theme;
    this.canvas.setAttribute('aria-label', data.description);
    const height = gutter.top + rowHeight(rowLabels.length) * rowLabels.length + gutter.bottom;
    this.canvas.style.height = `${height}px`;
    this.redraw();
  }

  /** Moves the cross-hair (a whole column or row where only one is given) and the frame of the selected column. */
  point(pointer: Pointer | undefined, selected?: number): void {
    [this.pointer, this.selected] = [pointer, selected];
    this.redraw();
  }

  /** Puts dots on cells, or takes them away. */
  dot(dots: Dots | undefined): void {
    this.dots = dots;
    this.redraw();
  }

  /** Scrolls a zoomed map so that `column` is in view. */
  reveal(column: number): void {
    if (this.shown) this.look(reveal(this.viewport, this.shown.data.columns, column));
  }

  /** Closer (`factor` below 1) or further away, around the middle. */
  zoomBy(factor: number, anchor = 0.5): void {
    if (this.shown) this.look(zoom(this.viewport, this.shown.data.columns, factor, anchor));
  }

  look(viewport: Viewport): void {
    this.viewport = viewport;
    this.redraw();
  }

  plot(): Plot | undefined {
    if (!this.shown) return undefined;
    const { data } = this.shown;
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

  cursor(): Cell {
    const { row = 0, column = this.selected ?? Math.floor(this.viewport.first) } = this.pointer ?? {};
    return { row, column };
  }

  hover(cell: Cell | undefined): void {
    this.events.hover(cell);
  }

  select(cell: Cell): void {
    this.events.select?.(cell);
  }

  /** Draws at once, for printing. */
  drawNow(): void {
    const context = this.canvas.getContext('2d');
    const plot = this.plot();
    if (!context || !plot || !this.shown || this.canvas.clientWidth === 0) return;
    const ratio = window.devicePixelRatio;
    const [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight];
    const pixels = { width: Math.round(width * ratio), height: Math.round(height * ratio) };
    // Only where needed: setting a size, even the same, makes a new buffer.
    if (this.canvas.width !== pixels.width) this.canvas.width = pixels.width;
    if (this.canvas.height !== pixels.height) this.canvas.height = pixels.height;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const { theme, pointer, selected, dots } = this;
    drawHeatMap(context, { ...this.shown, plot, theme, pointer, selected, dots }, ratio);
  }

  private redraw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.drawNow());
  }
}
