/** @file Pointer and keyboard on a heat map. */
import { type Cell, cellAt, pan, type Plot, type Viewport, zoom } from './heat-map-geometry';

/** The map as its input sees it. */
export interface HeatMapTarget {
  readonly canvas: HTMLCanvasElement;
  /** Where its cells lie; undefined while it shows nothing. */
  plot(): Plot | undefined;
  look(viewport: Viewport): void;
  reveal(column: number): void;
  zoomBy(factor: number): void;
  /** The cell that the keyboard moves from. */
  cursor(): Cell;
  hover(cell: Cell | undefined): void;
  select(cell: Cell): void;
}

export function listenTo(map: HeatMapTarget): void {
  const { canvas } = map;
  const at = (event: MouseEvent): Cell | undefined => {
    const plot = map.plot();
    return plot && cellAt(plot, event.offsetX, event.offsetY);
  };
  let dragged = 0;
  canvas.addEventListener('pointerdown', () => (dragged = 0));
  canvas.addEventListener('pointermove', event => {
    if (event.buttons === 1) {
      dragged += Math.abs(event.movementX);
      drag(map, event.movementX);
    }
    map.hover(at(event));
  });
  canvas.addEventListener('pointerleave', () => map.hover(undefined));
  canvas.addEventListener('click', event => {
    const cell = at(event);
    if (cell && dragged < 4) map.select(cell);
  });
  const turn = (event: WheelEvent): void => {
    if (wheel(map, event)) map.hover(at(event));
  };
  canvas.addEventListener('wheel', turn, { passive: false });
  canvas.addEventListener('keydown', event => key(map, event));
  canvas.addEventListener('blur', () => map.hover(undefined));
}

function drag(map: HeatMapTarget, movement: number): void {
  const plot = map.plot();
  if (plot) map.look(pan(plot.viewport, plot.columns, (-movement / plot.width) * plot.viewport.visible));
}

/**
 * Control (or a pinch) zooms, Shift or a sideways turn pans; a plain turn scrolls the page, which is longer than the map.
 * @returns whether the map moved
 */
function wheel(map: HeatMapTarget, event: WheelEvent): boolean {
  const plot = map.plot();
  const next = plot && turned(plot, event);
  if (!plot || !next) return false;
  event.preventDefault();
  const { first, visible } = plot.viewport;
  if (next.first === first && next.visible === visible) return false;
  map.look(next);
  return true;
}

function turned(plot: Plot, event: WheelEvent): Viewport | undefined {
  const { viewport, columns, width, left } = plot;
  if (event.ctrlKey || event.metaKey) {
    const anchor = Math.max(0, Math.min(1, (event.offsetX - left) / width));
    // A pinch comes as small turns, a wheel as large ones.
    const strength = Math.abs(event.deltaY) < 20 ? 1.01 : 1.002;
    return zoom(viewport, columns, strength ** event.deltaY, anchor);
  }
  const sideways = event.shiftKey ? event.deltaX || event.deltaY : event.deltaX;
  const isSideways = event.shiftKey || Math.abs(sideways) > Math.abs(event.deltaY);
  return isSideways ? pan(viewport, columns, (sideways / width) * viewport.visible) : undefined;
}

const zooms: Readonly<Record<string, number>> = { '+': 0.7, '=': 0.7, '-': 1 / 0.7, '0': Infinity };

function key(map: HeatMapTarget, event: KeyboardEvent): void {
  const plot = map.plot();
  if (!plot || event.altKey || event.ctrlKey || event.metaKey) return;
  const cell = moved(map.cursor(), event.key, plot);
  if (cell) {
    map.reveal(cell.column);
    map.hover(cell);
  } else if (event.key in zooms) map.zoomBy(zooms[event.key]);
  else if (event.key === 'Enter' || event.key === ' ') map.select(map.cursor());
  else return;
  event.preventDefault();
}

function moved({ row, column }: Cell, name: string, { rows, columns }: Plot): Cell | undefined {
  const clamp = (value: number, count: number): number => Math.max(0, Math.min(count - 1, value));
  switch (name) {
    case 'ArrowLeft':
      return { row, column: clamp(column - 1, columns) };
    case 'ArrowRight':
      return { row, column: clamp(column + 1, columns) };
    case 'ArrowUp':
      return { row: clamp(row - 1, rows), column };
    case 'ArrowDown':
      return { row: clamp(row + 1, rows), column };
    case 'Home':
      return { row, column: 0 };
    case 'End':
      return { row, column: clamp(columns - 1, columns) };
    default:
      return undefined;
  }
}
