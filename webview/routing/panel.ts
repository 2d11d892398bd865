/** @file The routing panel: puts its parts together and keeps them in step with the state. */
import '../shared/theme.css';
import '../shared/page.css';
import './panel.css';

import type { RoutingView } from '../../src/protocol/routing-view';
import { element } from '../shared/dom';
import { legend } from '../shared/legend';
import { readTheme, type Theme, watchTheme } from '../shared/theme';
import { LayerCharts } from './layer-charts';
import { LayerMap } from './layer-map';
import { Prompt } from './prompt';
import { type Grid, gridOf } from './quantities';
import { type PanelState, shownToken, type Store } from './state';
import { TokenCard } from './token-card';
import { spanRange } from './token-facts';
import { Toolbar } from './toolbar';

export interface PanelEvents {
  /** The user's pointer or keyboard is on another token. */
  hover: (token: number | undefined) => void;
  reveal: (token: number) => void;
}

export class Panel {
  private theme: Theme = readTheme();
  private readonly toolbar: Toolbar;
  private readonly prompt: Prompt;
  private readonly map: LayerMap;
  private readonly card: TokenCard;
  private readonly charts = new LayerCharts();
  private readonly notices = {
    busy: element('p', { class: 'notice busy', role: 'status' }),
    error: element('p', { class: 'notice error', role: 'alert' }),
    stale: element('p', { class: 'notice stale', role: 'status' }),
    empty: element('p', { class: 'notice empty' }),
  };
  private readonly content: HTMLElement;

  /** @param store what to change when the user acts; its owner calls {@link update} */
  constructor(
    private readonly store: () => Store,
    private readonly events: PanelEvents,
  ) {
    this.toolbar = new Toolbar({
      mode: mode => store().set({ mode }),
      quantity: quantity => store().set({ quantity, layer: undefined }),
      layer: layer => store().set({ layer }),
    });
    const pin = (token: number): void => this.togglePin(token);
    this.prompt = new Prompt({
      hover: token => this.hover(token === undefined ? undefined : { token }),
      pin,
      move: token => this.move(token),
      reveal: events.reveal,
    });
    this.map = new LayerMap(this.theme, { hover: place => this.hover(place), pin });
    this.card = new TokenCard(events.reveal);
    this.content = element(
      'main',
      { class: 'panel' },
      this.prompt.root,
      element('div', { class: 'card' }, this.card.root),
      this.map.root,
      this.charts.root,
    );
    document.body.append(this.toolbar.root, ...Object.values(this.notices), this.content);
    this.listen();
  }

  /** Redraws what depends on what changed. */
  update(now: PanelState, before: PanelState | undefined): void {
    this.showNotices(now);
    this.toolbar.root.hidden = this.content.hidden = now.view === undefined;
    if (!now.view) return;
    const changed = (...keys: (keyof PanelState)[]): boolean => keys.some(key => now[key] !== before?.[key]);
    if (changed('view')) {
      this.prompt.show(now.view);
      this.charts.show(now.view, this.theme);
    }
    if (changed('view', 'mode', 'quantity', 'layer')) this.colour(now);
    if (changed('view', 'mode', 'quantity', 'layer', 'hovered', 'pinned')) this.point(now);
    if (
      changed('view', 'mode') ||
      before === undefined ||
      shownToken(now) !== shownToken(before) ||
      changed('pinned')
    ) {
      this.card.show(now.view, shownToken(now), now.mode, now.pinned !== undefined);
    }
  }

  /** Brings a token into sight: the editor's cursor is on it. */
  bringIntoView(token: number): void {
    this.prompt.scrollTo(token);
    this.map.reveal(token);
  }

  private colour(state: PanelState): void {
    if (!state.view) return;
    const grid = gridOf(state.view, state.mode, state.quantity, state.layer);
    this.toolbar.show(state);
    this.prompt.colour(grid, this.theme);
    this.prompt.note.replaceChildren(promptLegend(state.view, grid, this.theme));
    this.map.show(state.view, grid, state.quantity, this.theme);
  }

  private point({ hovered, pinned }: PanelState): void {
    this.prompt.point(hovered?.token, pinned);
    this.map.point(hovered, pinned);
  }

  private showNotices({ view, busy, error, stale }: PanelState): void {
    const nothing = view === undefined && busy === undefined && error === undefined;
    const texts = {
      busy,
      error,
      stale: stale
        ? 'The document was edited after this trace. Trace it again to see its present routing.'
        : undefined,
      empty: nothing
        ? 'No prompt has been traced yet. Select text and run “Trace Routing of This Prompt”.'
        : undefined,
    };
    for (const name of ['busy', 'error', 'stale', 'empty'] as const) {
      this.notices[name].textContent = texts[name] ?? '';
      this.notices[name].hidden = texts[name] === undefined;
    }
  }

  private hover(place: PanelState['hovered']): void {
    const { hovered, latest } = this.store().state;
    if (place?.token === hovered?.token && place?.row === hovered?.row) return;
    this.store().set({ hovered: place, latest: place?.token ?? latest });
    if (place?.token !== hovered?.token) this.events.hover(place?.token);
  }

  private togglePin(token: number): void {
    const { pinned } = this.store().state;
    this.store().set({ pinned: pinned === token ? undefined : token, latest: token });
  }

  private move(token: number): void {
    if (this.store().state.pinned !== undefined) this.store().set({ pinned: token });
    this.map.reveal(token);
  }

  private listen(): void {
    document.addEventListener('keydown', event => {
      if (event.key === 'Escape') this.store().set({ pinned: undefined });
    });
    watchTheme(theme => {
      this.theme = theme;
      this.colour(this.store().state);
      this.charts.draw(theme);
    });
    new ResizeObserver(() => {
      document.body.style.setProperty('--toolbar-height', `${this.toolbar.root.offsetHeight}px`);
    }).observe(this.toolbar.root);
  }
}

function promptLegend(view: RoutingView, grid: Grid, theme: Theme): HTMLElement {
  const key = legend(
    theme.data[grid.scale],
    grid.lowText,
    grid.highText,
    `${grid.caption} · ${grid.tokensAre}`,
  );
  if (spanRange(view, 'context')) key.append(element('span', { class: 'key-context' }, 'context'));
  if (view.tokens.some(token => token.answer_in_context)) {
    key.append(element('span', { class: 'key-answer' }, 'answer'));
  }
  if (spanRange(view, 'generated')) {
    const by = view.generated_by === 'tuned' ? ' by the tuned model' : '';
    key.append(element('span', { class: 'key-generated' }, `generated${by}`));
  }
  return key;
}
