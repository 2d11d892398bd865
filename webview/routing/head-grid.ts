/** @file Small maps of attention, layers × heads, on one canvas: each a strip of tokens from first to the one that attends. */
import { t } from '@vscode/l10n';

import type { AttentionHeadsResult } from '../../src/protocol/attention-heads';
import { cssColour, paintCells } from '../shared/colour-scale';
import { element } from '../shared/dom';
import type { Theme } from '../shared/theme';
import { position } from './grid';
import { headRange, headsOf, isHeadDifference, pooled } from './head-strips';
import type { Mode } from './quantities';

/** A head by its place in the result. */
export interface HeadPlace {
  row: number;
  head: number;
}

export interface HeadGridEvents {
  /** @param token which part of the strip the pointer is on; none by keyboard */
  hover: (place: HeadPlace | undefined, token?: number) => void;
  choose: (place: HeadPlace) => void;
}

const gutter = { left: 40, top: 18 };
const rowHeight = 16;
const gap = 3;

export class HeadGrid {
  readonly canvas = element('canvas', { class: 'head-grid', tabindex: 0, role: 'img' });
  private shown: { result: AttentionHeadsResult; mode: Mode } | undefined;
  private hovered: HeadPlace | undefined;
  private chosen: HeadPlace | undefined;
  private token: number | undefined;
  private frame = 0;

  constructor(
    private theme: Theme,
    private readonly events: HeadGridEvents,
  ) {
    new ResizeObserver(() => this.redraw()).observe(this.canvas);
    this.listen();
  }

  show(result: AttentionHeadsResult, mode: Mode, theme: Theme): void {
    this.shown = { result, mode };
    this.theme = theme;
    this.canvas.style.height = `${gutter.top + result.layers.length * rowHeight + 2}px`;
    this.canvas.setAttribute(
      'aria-label',
      t(
        'Attention by head, {0} layers × {1} heads. Arrow keys move, Enter colours the prompt by the head.',
        result.layers.length,
        result.heads,
      ),
    );
    this.redraw();
  }

  choose(place: HeadPlace | undefined): void {
    this.chosen = place;
    this.redraw();
  }

  /** Marks a token in every strip. */
  mark(token: number | undefined): void {
    if (token === this.token) return;
    this.token = token;
    this.redraw();
  }

  private redraw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
  }

  private get cellWidth(): number {
    return (this.canvas.clientWidth - gutter.left) / (this.shown?.result.heads ?? 1);
  }

  private draw(): void {
    const context = this.canvas.getContext('2d');
    const ratio = window.devicePixelRatio;
    const [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight];
    if (!context || !this.shown || width === 0) return;
    [this.canvas.width, this.canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const { layers, heads } = this.shown.result;
    context.font = `11px ${this.theme.font}`;
    context.fillStyle = cssColour(this.theme.muted);
    context.textBaseline = 'middle';
    context.textAlign = 'center';
    const every = Math.max(1, Math.ceil(24 / this.cellWidth));
    for (let head = 0; head < heads; head += every)
      context.fillText(`H${head}`, gutter.left + (head + 0.5) * this.cellWidth, gutter.top / 2);
    context.textAlign = 'right';
    layers.forEach((layer, row) =>
      context.fillText(`L${layer}`, gutter.left - 8, gutter.top + (row + 0.5) * rowHeight),
    );
    this.drawStrips(context, this.shown.result, this.shown.mode);
    this.drawMarks(context, this.shown.result);
    this.drawFrame(context, this.hovered, 1, cssColour(this.theme.foreground));
    this.drawFrame(context, this.chosen, 2, cssColour(this.theme.accent));
  }

  private drawStrips(context: CanvasRenderingContext2D, result: AttentionHeadsResult, mode: Mode): void {
    const values = headsOf(result, mode);
    const isDifference = isHeadDifference(result, mode);
    const range = headRange(values, isDifference);
    const scale = this.theme.data[isDifference ? 'diverging' : 'sequential'];
    const buckets = Math.max(1, Math.round(this.cellWidth - gap));
    const strips = values.map(layer => layer.flatMap(row => pooled(row, buckets)));
    const image = document.createElement('canvas');
    [image.width, image.height] = [buckets * result.heads, result.layers.length];
    const pixels = paintCells(
      strips.map(row => row.map(value => position(range, value))),
      scale,
    );
    image.getContext('2d')?.putImageData(new ImageData(pixels, image.width), 0, 0);
    context.imageSmoothingEnabled = false;
    context.strokeStyle = cssColour(this.theme.muted, 0.4);
    context.lineWidth = 1;
    for (let row = 0; row < result.layers.length; row++) {
      for (let head = 0; head < result.heads; head++) {
        const [x, y, width, height] = this.cell({ row, head });
        context.drawImage(image, head * buckets, row, buckets, 1, x, y, width, height);
        context.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1);
      }
    }
  }

  private drawMarks(context: CanvasRenderingContext2D, { layers, heads, base }: AttentionHeadsResult): void {
    const tokens = base[0][0].length;
    if (this.token === undefined || this.token >= tokens) return;
    context.fillStyle = cssColour(this.theme.foreground);
    for (let row = 0; row < layers.length; row++) {
      for (let head = 0; head < heads; head++) {
        const [x, y, width, height] = this.cell({ row, head });
        context.fillRect(x + ((this.token + 0.5) / tokens) * width - 0.5, y, 1, height);
      }
    }
  }

  private drawFrame(
    context: CanvasRenderingContext2D,
    place: HeadPlace | undefined,
    line: number,
    colour: string,
  ): void {
    if (!place) return;
    const [x, y, width, height] = this.cell(place);
    context.strokeStyle = colour;
    context.lineWidth = line;
    context.strokeRect(x - 1, y - 1, width + 2, height + 2);
  }

  private cell({ row, head }: HeadPlace): [x: number, y: number, width: number, height: number] {
    const x = gutter.left + head * this.cellWidth;
    return [x, gutter.top + row * rowHeight + 1, this.cellWidth - gap, rowHeight - gap];
  }

  private hover(place: HeadPlace | undefined, token?: number): void {
    this.hovered = place;
    this.redraw();
    this.events.hover(place, token);
  }

  /** Of the strip, at a place from its left end. */
  private tokenAt({ row, head }: HeadPlace, x: number): number {
    const [left, , width] = this.cell({ row, head });
    const tokens = this.shown?.result.base[row][head].length ?? 1;
    return Math.min(tokens - 1, Math.max(0, Math.floor(((x - left) / width) * tokens)));
  }

  private listen(): void {
    const at = (event: MouseEvent): HeadPlace | undefined => {
      const row = Math.floor((event.offsetY - gutter.top) / rowHeight);
      const head = Math.floor((event.offsetX - gutter.left) / this.cellWidth);
      const { layers = [], heads = 0 } = this.shown?.result ?? {};
      return row >= 0 && head >= 0 && row < layers.length && head < heads ? { row, head } : undefined;
    };
    this.canvas.addEventListener('pointermove', event => {
      const place = at(event);
      this.hover(place, place && this.tokenAt(place, event.offsetX));
    });
    this.canvas.addEventListener('pointerleave', () => this.hover(undefined));
    this.canvas.addEventListener('blur', () => this.hover(undefined));
    this.canvas.addEventListener('click', event => {
      const place = at(event);
      if (place) this.events.choose(place);
    });
    this.canvas.addEventListener('keydown', event => {
      const from = this.hovered ?? this.chosen ?? { row: 0, head: 0 };
      if (event.key === 'Enter' || event.key === ' ') this.events.choose(from);
      else {
        const next = this.moved(from, event.key);
        if (!next) return;
        this.hover(next);
      }
      event.preventDefault();
    });
  }

  private moved({ row, head }: HeadPlace, key: string): HeadPlace | undefined {
    const { layers = [], heads = 1 } = this.shown?.result ?? {};
    const steps: Record<string, HeadPlace> = {
      ArrowLeft: { row, head: Math.max(0, head - 1) },
      ArrowRight: { row, head: Math.min(heads - 1, head + 1) },
      ArrowUp: { row: Math.max(0, row - 1), head },
      ArrowDown: { row: Math.min(layers.length - 1, row + 1), head },
      Home: { row, head: 0 },
      End: { row, head: heads - 1 },
    };
    return steps[key];
  }
}
