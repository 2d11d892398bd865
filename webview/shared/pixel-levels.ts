/** @file Pictures of one pixel for each cell, and the same ones with fewer columns for maps that are wider than the screen. */

export interface Pixels {
  /** RGBA, row by row. */
  data: Uint8ClampedArray<ArrayBuffer>;
  columns: number;
  rows: number;
}

/** Half as many columns: each is the mean colour of two. The last one of an odd number stays as it is. */
export function halved({ data, columns, rows }: Pixels): Pixels {
  const half = Math.ceil(columns / 2);
  const out = new Uint8ClampedArray(half * rows * 4);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < half; column++) {
      const left = (row * columns + 2 * column) * 4;
      const right = 2 * column + 1 < columns ? left + 4 : left;
      const at = (row * half + column) * 4;
      for (let channel = 0; channel < 4; channel++)
        out[at + channel] = (data[left + channel] + data[right + channel] + 1) >> 1;
    }
  }
  return { data: out, columns: half, rows };
}

/** How often to halve so that at most about `1` column falls on a pixel of the screen. */
export function levelFor(columnsInView: number, pixels: number): number {
  return Math.max(0, Math.ceil(Math.log2(columnsInView / Math.max(1, pixels))));
}

/** The levels of one picture as canvases, each made when it is first needed. */
export class PixelLevels {
  private readonly levels: { pixels: Pixels; canvas: HTMLCanvasElement }[];

  constructor(pixels: Pixels) {
    this.levels = [{ pixels, canvas: painted(pixels) }];
  }

  /** A level that fits, and how many of the picture's columns one of its own stands for. */
  at(columnsInView: number, pixels: number): { canvas: HTMLCanvasElement; factor: number } {
    const wanted = levelFor(columnsInView, pixels);
    while (this.levels.length <= wanted && this.last.pixels.columns > 1) {
      const next = halved(this.last.pixels);
      this.levels.push({ pixels: next, canvas: painted(next) });
    }
    const level = Math.min(wanted, this.levels.length - 1);
    return { canvas: this.levels[level].canvas, factor: 2 ** level };
  }

  private get last(): { pixels: Pixels } {
    return this.levels[this.levels.length - 1];
  }
}

function painted({ data, columns, rows }: Pixels): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [columns, rows];
  if (columns > 0 && rows > 0) canvas.getContext('2d')?.putImageData(new ImageData(data, columns), 0, 0);
  return canvas;
}
