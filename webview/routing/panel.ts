/** @file The routing panel: puts its parts together and keeps them in step with the state. */
import '../shared/theme.css';
import '../shared/page.css';
import './panel.css';

import type { RoutingView } from '../../src/protocol/routing-view';
import { element } from '../shared/dom';
import { pictureMenu, type SaveFile } from '../shared/picture';
import { readTheme, type Theme, watchTheme } from '../shared/theme';
import { AblationSection } from './ablation-section';
import { ExpertLoad } from './expert-load';
import { ExpertSection } from './expert-section';
import { tokensOf } from './expert-use';
import { gridOf } from './grid';
import { Groups, groupsOf } from './groups';
import { headColouring } from './head-colours';
import { HeadsSection } from './heads-section';
import { LayerCharts } from './layer-charts';
import { LayerMap, type Place } from './layer-map';
import type { Ask } from './loading';
import { Notices } from './notices';
import { type Coloured, loadPicture, mapPicture, promptPicture } from './pictures';
import { Prompt } from './prompt';
import { promptLegend } from './prompt-legend';
import { type Expert, type PanelState, shownToken, type Store } from './state';
import { TokenCard } from './token-card';
import { Toolbar } from './toolbar';

export interface PanelEvents {
  ask: Ask;
  save: SaveFile;
  /** The user's pointer or keyboard is on another token. */
  hover: (token: number | undefined) => void;
  reveal: (token: number) => void;
  /** A sample of the dataset that the examples of an expert come from. */
  trace: (sample: number) => void;
}

/** Milliseconds that the pointer rests on a token before the card shows it. */
const cardDelay = 60;

export class Panel {
  private theme: Theme = readTheme();
  private groups = new Groups([]);
  private cardTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly notices = new Notices();
  private readonly toolbar: Toolbar;
  private readonly prompt: Prompt;
  private readonly map: LayerMap;
  private readonly card: TokenCard;
  private readonly expert: ExpertSection;
  private readonly charts: LayerCharts;
  private readonly load: ExpertLoad;
  private readonly heads: HeadsSection;
  private readonly ablation: AblationSection;
  private readonly content: HTMLElement;

  /** @param store what to change when the user acts; its owner calls {@link update} */
  constructor(
    private readonly store: () => Store,
    private readonly events: PanelEvents,
  ) {
    const set = (change: Partial<PanelState>): void => store().set(change);
    const pin = (token: number): void => this.togglePin(token);
    const choose = (expert: Expert | undefined): void => this.chooseExpert(expert);
    const { reveal, ask, save, trace } = events;
    this.toolbar = new Toolbar({
      mode: mode => set({ mode }),
      quantity: quantity => set({ quantity, layer: undefined, head: undefined }),
      grouping: grouping => set({ grouping }),
      layer: layer => set({ layer, head: undefined }),
    });
    this.prompt = new Prompt({
      hover: token => this.hover(token === undefined ? undefined : { token }),
      pin,
      move: token => this.move(token),
      reveal,
    });
    this.map = new LayerMap(this.theme, { hover: place => this.hover(place), pin });
    this.card = new TokenCard({ reveal, expert: choose, heads: token => this.showHeads(token) });
    this.expert = new ExpertSection(ask, { close: () => choose(undefined), pin, trace });
    this.charts = new LayerCharts(save, layer => this.hover(layer === undefined ? undefined : { layer }));
    this.load = new ExpertLoad(choose);
    this.heads = new HeadsSection(
      this.theme,
      ask,
      {
        choose: head => set({ head }),
        hover: token => this.hover(token === undefined ? undefined : { token }),
      },
      save,
    );
    this.ablation = new AblationSection(ask, ablation => set({ ablation }), save);
    this.content = element(
      'main',
      { class: 'panel' },
      this.prompt.root,
      element('div', { class: 'card' }, this.card.root),
      this.map.root,
      ...[this.expert, this.charts, this.load, this.heads, this.ablation].map(({ root }) => root),
    );
    this.offerPictures(save);
    document.body.append(this.toolbar.root, this.notices.root, this.content);
    this.listen();
  }

  /** Redraws what depends on what changed. */
  update(now: PanelState, before: PanelState | undefined): void {
    this.notices.show(now);
    const { view } = now;
    this.toolbar.root.hidden = this.content.hidden = view === undefined;
    if (!view) return;
    const changed = (...keys: (keyof PanelState)[]): boolean => keys.some(key => now[key] !== before?.[key]);
    if (changed('view', 'grouping')) this.layOut(view, now);
    if (changed('view')) this.showPrompt(view);
    if (changed('view', 'mode', 'quantity', 'grouping', 'layer', 'head')) this.colour(view, now);
    if (changed('view', 'mode', 'grouping', 'expert')) this.showExpert(view, now);
    if (changed('view', 'mode', 'quantity', 'grouping', 'hovered', 'pinned')) this.point(now);
    if (changed('view', 'ablation', 'maskedSet')) this.ablation.update(now.ablation, now.maskedSet);
    if (changed('view', 'mode', 'grouping', 'pinned', 'expert')) this.showCard(view, now);
    else if (before && shownToken(now) !== shownToken(before)) this.showCardSoon();
  }

  /** Brings a token into sight: the editor's cursor is on it. */
  bringIntoView(token: number): void {
    this.prompt.scrollTo(token);
    this.map.reveal(token);
  }

  /** Pins a token, or frees it where it is pinned. */
  togglePin(token: number): void {
    const { pinned } = this.store().state;
    const isPinned = pinned !== undefined && this.groups.at(pinned) === this.groups.at(token);
    this.store().set({ pinned: isPinned ? undefined : token, latest: token });
  }

  private layOut(view: RoutingView, { grouping }: PanelState): void {
    this.groups = groupsOf(view, grouping);
    this.prompt.show(view, this.groups);
  }

  /** What depends on nothing but the prompt. */
  private showPrompt(view: RoutingView): void {
    this.heads.show(view);
    this.expert.forget();
    this.ablation.show(view);
    // Charts are below what is in sight first: they wait until that is painted.
    requestAnimationFrame(() => setTimeout(() => this.showCharts()));
  }

  private showCharts(): void {
    const { view, expert } = this.store().state;
    if (!view) return;
    this.charts.show(view, this.theme);
    this.load.show(view, this.theme);
    this.load.mark(expert);
  }

  private colour(view: RoutingView, state: PanelState): void {
    const { quantity, grouping, head } = state;
    const grid = gridOf(view, this.groups, state);
    this.toolbar.show(state);
    const { colours, legend } = head
      ? headColouring(head, this.groups, this.theme, () => this.heads.release())
      : { colours: grid, legend: promptLegend(view, grid, this.theme) };
    this.prompt.colour(colours, this.theme);
    this.prompt.legend.replaceChildren(legend);
    this.map.show({ view, groups: this.groups, grouping, grid }, quantity, this.theme);
  }

  private showExpert(view: RoutingView, { expert, mode }: PanelState): void {
    this.expert.show(view, expert, mode);
    this.load.mark(expert);
    const side = mode === 'base' ? view.base : (view.tuned ?? view.base);
    const tokens = expert ? tokensOf(view, side, expert) : [];
    const groups = [...new Set(tokens.map(({ token }) => this.groups.at(token)))];
    this.prompt.markRouted(groups);
    this.map.markRouted(expert?.layer, groups);
  }

  private point({ hovered, pinned }: PanelState): void {
    this.prompt.point(hovered?.token, pinned);
    this.map.point(hovered, pinned);
    this.charts.point(hovered?.layer);
    this.heads.mark(hovered?.token);
  }

  /** While the pointer sweeps over tokens the card waits: it has hundreds of experts of a deep model. */
  private showCardSoon(): void {
    clearTimeout(this.cardTimer);
    this.cardTimer = setTimeout(() => {
      const { state } = this.store();
      if (state.view) this.showCard(state.view, state);
    }, cardDelay);
  }

  private showCard(view: RoutingView, state: PanelState): void {
    clearTimeout(this.cardTimer);
    const { mode, pinned, expert } = state;
    const group = this.groups.group(shownToken(state));
    this.card.show({ view, group, mode, pinned: pinned !== undefined, expert });
    this.heads.point(group.to - 1, mode);
  }

  private hover(place: Place | undefined): void {
    const { hovered, latest } = this.store().state;
    if (place?.token === hovered?.token && place?.layer === hovered?.layer) return;
    this.store().set({ hovered: place, latest: place?.token ?? latest });
    if (place?.token !== hovered?.token) this.events.hover(place?.token);
  }

  private move(token: number): void {
    if (this.store().state.pinned !== undefined) this.store().set({ pinned: token });
    this.map.reveal(token);
  }

  private chooseExpert(expert: Expert | undefined): void {
    const { expert: before } = this.store().state;
    const isSame = before?.layer === expert?.layer && before?.expert === expert?.expert;
    this.store().set({ expert: isSame ? undefined : expert });
  }

  private showHeads(token: number): void {
    this.heads.load(token);
    this.heads.root.scrollIntoView({ block: 'nearest' });
  }

  private offerPictures(save: SaveFile): void {
    this.prompt.tools.append(
      pictureMenu(
        promptPicture(() => this.coloured()),
        save,
      ).root,
    );
    this.map.tools.append(
      pictureMenu(
        mapPicture(() => this.coloured()),
        save,
      ).root,
    );
    this.load.tools.append(
      pictureMenu(
        loadPicture(() => this.coloured().view),
        save,
      ).root,
    );
  }

  /** @throws Error before there is a view: nothing can be saved then, because nothing is in sight */
  private coloured(): Coloured {
    const { state } = this.store();
    const { view, quantity } = state;
    if (!view) throw new Error('nothing is shown');
    return { view, quantity, groups: this.groups, grid: gridOf(view, this.groups, state) };
  }

  private listen(): void {
    document.addEventListener('keydown', event => {
      if (event.key !== 'Escape' || event.defaultPrevented) return;
      this.heads.release();
      this.store().set({ pinned: undefined });
    });
    watchTheme(theme => {
      this.theme = theme;
      const { state } = this.store();
      if (state.view) this.colour(state.view, state);
      for (const part of [this.charts, this.load, this.heads]) part.draw(theme);
    });
    new ResizeObserver(() => {
      document.body.style.setProperty('--toolbar-height', `${this.toolbar.root.offsetHeight}px`);
    }).observe(this.toolbar.root);
  }
}
