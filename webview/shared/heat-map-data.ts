/** @file What a heat map shows. */
import type { Cell } from './heat-map-geometry';

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

/** Columns of one row that carry a dot. Ascending. */
export interface Dots {
  row: number;
  columns: readonly number[];
}

/** Where the cross-hair is: a cell, a whole column or a whole row. */
export interface Pointer {
  row?: number;
  column?: number;
}

export interface HeatMapEvents {
  /** The pointer or the keyboard moved to a cell, or left. */
  hover: (cell: Cell | undefined) => void;
  /** A cell was clicked, or Enter pressed on it. */
  select?: (cell: Cell) => void;
}
