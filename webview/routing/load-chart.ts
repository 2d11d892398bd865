/** @file Expert load of one layer as bars on a canvas: tuned as bars, base as a tick at its height, ★ below. */
import { t } from '@vscode/l10n';

import { cssColour } from '../shared/colour-scale';
import { element } from '../shared/dom';
import { percent } from '../shared/format';
import type { Theme } from '../shared/theme';

export interface LayerLoad {
  layer: number;
  /** [expert] share of the prompt's top-k places. */
  base: readonly number[];
  tuned: readonly number[] | undefined;
  faithful: ReadonlySet<number>;
  /** Top of the scale, the same for all layers. */
  most: number;
}

export interface LoadChartEvents {
  hover: (expert: number | undefined) => void;
  choose: (expert: number) => void;
}

const below = 12;

export class LoadChart {
  readonly root: HTMLElement;
  private readonly canvas = element('canvas', { tabindex: 0, role: 'img' });
  private hovered: number | undefined;
  private chosen: number | undefined;
  private inSight = false;
  private frame = 0;

  constructor(
    private readonly load: LayerLoad,
    private theme: Theme,
    private readonly events: LoadChartEvents,
  ) {
    this.canvas.setAttribute('aria-label', describe(load));
    this.root = element(
      'figure',
      { class: 'load-chart', 'data-layer': load.layer },
      element('figcaption', {}, `L${load.layer}`),
      this.canvas,
    );
    this.listen();
  }

  /** Draws only while in sight. The owner observes. */
  setInSight(inSight: boolean): void {
    this.inSight = inSight;
    this.redraw();
  }

  draw(theme: Theme): void {
    this.theme = theme;
    this.redraw();
  }

  choose(expert: number | undefined): void {
    if (expert === this.chosen) return;
    this.chosen = expert;
    this.redraw();
  }

  redraw(): void {
    cancelAnimationFrame(this.frame);
    if (this.inSight) this.frame = requestAnimationFrame(() => this.drawNow());
  }

  private drawNow(): void {
    const context = this.canvas.getContext('2d');
    const ratio = window.devicePixelRatio;
    const [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight];
    if (!context || width === 0) return;
    [this.canvas.width, this.canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const { base, tuned, faithful, most } = this.load;
    const { theme } = this;
    const floor = height - below;
    const slot = width / base.length;
    const top = (share: number): number => floor - (share / most) * (floor - 2);
    const gap = slot >= 4 ? 1 : 0;
    base.forEach((baseShare, expert) => {
      const x = expert * slot;
      const isFaithful = faithful.has(expert);
      const y = top(tuned ? tuned[expert] : baseShare);
      context.fillStyle = cssColour(isFaithful ? theme.data.faithful : theme.muted, isFaithful ? 1 : 0.65);
      context.fillRect(x, y, slot - gap, floor - y);
      if (tuned) {
        context.fillStyle = cssColour(theme.foreground);
        context.fillRect(x, top(baseShare) - 1, slot - gap, 2);
      }
      if (isFaithful) star(context, x + (slot - gap) / 2, floor + below / 2 + 1, theme);
      if (expert === this.chosen || expert === this.hovered) {
        context.strokeStyle = cssColour(expert === this.chosen ? theme.accent : theme.foreground);
        context.lineWidth = expert === this.chosen ? 2 : 1;
        context.strokeRect(x - 0.5, 0.5, slot - gap + 1, height - 1);
      }
    });
    this.drawLines(context, width, floor, top(1 / base.length));
  }

  /** The floor, and dashed where all experts would be if load were even. */
  private drawLines(context: CanvasRenderingContext2D, width: number, floor: number, even: number): void {
    context.strokeStyle = cssColour(this.theme.muted);
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(0, floor + 0.5);
    context.lineTo(width, floor + 0.5);
    context.stroke();
    context.setLineDash([3, 3]);
    context.beginPath();
    context.moveTo(0, Math.round(even) + 0.5);
    context.lineTo(width, Math.round(even) + 0.5);
    context.stroke();
    context.setLineDash([]);
  }

  private hover(expert: number | undefined): void {
    if (expert === this.hovered) return;
    this.hovered = expert;
    this.redraw();
    this.events.hover(expert);
  }

  private listen(): void {
    const experts = this.load.base.length;
    const at = (event: MouseEvent): number =>
      Math.max(0, Math.min(experts - 1, Math.floor((event.offsetX / this.canvas.clientWidth) * experts)));
    this.canvas.addEventListener('pointermove', event => this.hover(at(event)));
    this.canvas.addEventListener('pointerleave', () => this.hover(undefined));
    this.canvas.addEventListener('blur', () => this.hover(undefined));
    this.canvas.addEventListener('focus', () => this.hover(this.hovered ?? this.chosen ?? 0));
    this.canvas.addEventListener('click', event => this.events.choose(at(event)));
    this.canvas.addEventListener('keydown', event => {
      const from = this.hovered ?? this.chosen ?? 0;
      const targets: Record<string, number> = {
        ArrowLeft: Math.max(0, from - 1),
        ArrowRight: Math.min(experts - 1, from + 1),
        Home: 0,
        End: experts - 1,
      };
      if (event.key in targets) this.hover(targets[event.key]);
      else if (event.key === 'Enter' || event.key === ' ') this.events.choose(from);
      else return;
      event.preventDefault();
    });
  }
}

function star(context: CanvasRenderingContext2D, x: number, y: number, theme: Theme): void {
  context.fillStyle = cssColour(theme.data.faithful);
  context.font = `9px ${theme.font}`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText('★', x, y);
}

/** The most used experts in words. */
function describe({ layer, base, tuned, faithful }: LayerLoad): string {
  const shares = tuned ?? base;
  const most = shares
    .map((share, expert) => ({ share, expert }))
    .sort((a, b) => b.share - a.share)
    .slice(0, 5)
    .map(({ share, expert }) => `${faithful.has(expert) ? '★ ' : ''}${expert} ${percent(share)}`);
  return t('Load of the experts of layer {0}. Most used: {1}.', layer, most.join(', '));
}
