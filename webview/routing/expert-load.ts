/** @file The section with the load of experts in every layer. */
import './expert-load.css';

import { t } from '@vscode/l10n';

import type { RoutingView } from '../../src/protocol/routing-view';
import { element, section } from '../shared/dom';
import { percent } from '../shared/format';
import type { Theme } from '../shared/theme';
import { expertLoad } from './expert-use';
import { LoadChart } from './load-chart';
import type { Expert } from './state';

export class ExpertLoad {
  readonly root: HTMLElement;
  /** Place of a menu. */
  readonly tools = element('span', { class: 'tools' });
  private readonly readout = element('span', { 'aria-live': 'polite' });
  private readonly grid = element('div', { class: 'load-charts' });
  private charts: LoadChart[] = [];
  private view: RoutingView | undefined;
  private readonly observer = new IntersectionObserver(
    entries => {
      for (const { target, isIntersecting } of entries)
        this.charts.find(({ root }) => root === target)?.setInSight(isIntersecting);
    },
    { rootMargin: '200px' },
  );

  /** @param choose an expert was clicked */
  constructor(private readonly choose: (expert: Expert) => void) {
    const { root, note } = section(t('Expert load'), 'expert-load');
    this.root = root;
    note.append(this.readout, this.tools);
    root.append(this.grid);
    new ResizeObserver(() => this.charts.forEach(chart => chart.redraw())).observe(this.grid);
  }

  show(view: RoutingView, theme: Theme): void {
    this.view = view;
    this.observer.disconnect();
    const base = expertLoad(view, view.base);
    const tuned = view.tuned && expertLoad(view, view.tuned);
    const most = Math.max(...[...base, ...(tuned ?? [])].map(row => Math.max(...row)), 1e-9);
    this.charts = view.moe_layers.map((layer, row) => {
      const faithful = new Set(view.ce[String(layer)] ?? []);
      const load = { layer, base: base[row], tuned: tuned?.[row], faithful, most };
      return new LoadChart(load, theme, {
        hover: expert => this.say(row, expert, base[row], tuned?.[row]),
        choose: expert => this.choose({ layer, expert }),
      });
    });
    this.grid.replaceChildren(...this.charts.map(({ root }) => root));
    for (const { root } of this.charts) this.observer.observe(root);
    this.rest();
  }

  draw(theme: Theme): void {
    this.charts.forEach(chart => chart.draw(theme));
  }

  /** Frames the chosen expert. */
  mark(expert: Expert | undefined): void {
    const layers = this.view?.moe_layers ?? [];
    this.charts.forEach((chart, row) =>
      chart.choose(expert?.layer === layers[row] ? expert.expert : undefined),
    );
  }

  private say(
    row: number,
    expert: number | undefined,
    base: readonly number[],
    tuned: readonly number[] | undefined,
  ): void {
    if (expert === undefined || !this.view) {
      this.rest();
      return;
    }
    const layer = this.view.moe_layers[row];
    const star = this.view.ce[String(layer)]?.includes(expert) ? ' ★' : '';
    const shares = tuned
      ? t('base {0} → tuned {1}', percent(base[expert]), percent(tuned[expert]))
      : percent(base[expert]);
    this.readout.textContent = `${t('layer {0}, expert {1}', layer, expert)}${star} · ${shares}`;
  }

  private rest(): void {
    this.readout.textContent = this.view?.tuned
      ? t(
          'share of this prompt’s top-k places · bars tuned, ticks base, dashed even · click shows the tokens',
        )
      : t('share of this prompt’s top-k places · dashed: even · click shows the tokens');
  }
}
