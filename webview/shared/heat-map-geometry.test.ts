/** @file Cells and pixels of the heat map. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { cellAt, cellRectangle, pan, type Plot, reveal, rowHeight, ticks, zoom } from './heat-map-geometry';

const plot: Plot = {
  left: 30,
  top: 10,
  width: 1000,
  height: 80,
  rows: 8,
  columns: 100,
  viewport: { first: 0, visible: 100 },
};

describe('cells and pixels', () => {
  it('a point belongs to the cell that it lies in', () => {
    expect(cellAt(plot, 30, 10)).toEqual({ row: 0, column: 0 });
    expect(cellAt(plot, 39.9, 19.9)).toEqual({ row: 0, column: 0 });
    expect(cellAt(plot, 40, 20)).toEqual({ row: 1, column: 1 });
    expect(cellAt(plot, 1029.9, 89.9)).toEqual({ row: 7, column: 99 });
  });

  it.each([
    [29.9, 50],
    [1030, 50],
    [500, 9.9],
    [500, 90],
  ])('the point (%f, %f) lies outside', (x, y) => expect(cellAt(plot, x, y)).toBeUndefined());

  it('a cell has its place, also when zoomed', () => {
    expect(cellRectangle(plot, { row: 2, column: 3 })).toEqual({ x: 60, y: 30, width: 10, height: 10 });
    const zoomed = { ...plot, viewport: { first: 50, visible: 10 } };
    expect(cellRectangle(zoomed, { row: 0, column: 51 })).toEqual({ x: 130, y: 10, width: 100, height: 10 });
    expect(cellAt(zoomed, 130, 10)).toEqual({ row: 0, column: 51 });
  });

  it('the middle of every visible cell maps back to it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 1, max: 64 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(),
        fc.nat(),
        (columns, rows, factor, anchor, c, r) => {
          const viewport = zoom({ first: 0, visible: columns }, columns, factor, anchor);
          const some: Plot = { ...plot, columns, rows, viewport };
          const cell = {
            row: r % rows,
            column: Math.floor(viewport.first) + (c % Math.ceil(viewport.visible)),
          };
          const { x, y, width, height } = cellRectangle(some, cell);
          const middle = { x: x + width / 2, y: y + height / 2 };
          fc.pre(middle.x > some.left && middle.x < some.left + some.width);
          expect(cellAt(some, middle.x, middle.y)).toEqual(cell);
        },
      ),
    );
  });
});

describe('viewport', () => {
  it('zooming keeps the anchor in its place', () => {
    expect(zoom({ first: 0, visible: 100 }, 100, 0.5, 0.5)).toEqual({ first: 25, visible: 50 });
    expect(zoom({ first: 25, visible: 50 }, 100, 0.5, 0)).toEqual({ first: 25, visible: 25 });
  });
  it('zooming stops at all columns and at a few', () => {
    expect(zoom({ first: 25, visible: 50 }, 100, 10, 0.3)).toEqual({ first: 0, visible: 100 });
    expect(zoom({ first: 0, visible: 100 }, 100, 0.001, 0).visible).toBe(8);
    expect(zoom({ first: 0, visible: 5 }, 5, 0.5, 0)).toEqual({ first: 0, visible: 5 });
  });
  it('panning stops at the ends', () => {
    expect(pan({ first: 10, visible: 50 }, 100, 15)).toEqual({ first: 25, visible: 50 });
    expect(pan({ first: 10, visible: 50 }, 100, -15)).toEqual({ first: 0, visible: 50 });
    expect(pan({ first: 10, visible: 50 }, 100, 99)).toEqual({ first: 50, visible: 50 });
  });
  it('a column is revealed with the least movement', () => {
    expect(reveal({ first: 10, visible: 20 }, 100, 15)).toEqual({ first: 10, visible: 20 });
    expect(reveal({ first: 10, visible: 20 }, 100, 4)).toEqual({ first: 4, visible: 20 });
    expect(reveal({ first: 10, visible: 20 }, 100, 40)).toEqual({ first: 21, visible: 20 });
  });
});

describe('labels', () => {
  it('stand at round distances', () => {
    expect(ticks(0, 5, 10)).toEqual([0, 1, 2, 3, 4]);
    expect(ticks(0, 16, 8)).toEqual([0, 2, 4, 6, 8, 10, 12, 14]);
    expect(ticks(0, 300, 10)).toEqual([0, 50, 100, 150, 200, 250]);
    expect(ticks(47.5, 62, 5)).toEqual([50, 55, 60]);
  });
  it('rows are between 8 and 22 pixels high', () => {
    expect([1, 12, 16, 26, 100].map(rowHeight)).toEqual([22, 21, 16, 10, 8]);
  });
});
