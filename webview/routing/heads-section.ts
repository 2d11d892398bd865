/** @file The section with the attention of one token, head by head, on demand. */
import { t } from '@vscode/l10n';

import type { AttentionHeadsResult } from '../../src/protocol/attention-heads';
import type { RoutingView } from '../../src/protocol/routing-view';
import { element, section } from '../shared/dom';
import { percent, percentagePoints, quotedToken } from '../shared/format';
import { pictureMenu, type SaveFile } from '../shared/picture';
import type { Theme } from '../shared/theme';
import { HeadGrid, type HeadPlace } from './head-grid';
import { headPicture, type ShownHeads } from './head-picture';
import { headsOf, isHeadDifference } from './head-strips';
import { type Ask, Loading } from './loading';
import type { Mode } from './quantities';
import type { ChosenHead } from './state';

interface Shown {
  token: number;
  result: AttentionHeadsResult;
}

export class HeadsSection {
  readonly root: HTMLElement;
  private readonly readout = element('span', { 'aria-live': 'polite' });
  private readonly tools = element('span', { class: 'tools', hidden: true });
  private readonly loading: Loading;
  private readonly grid: HeadGrid;
  private view: RoutingView | undefined;
  private token = 0;
  private mode: Mode = 'tuned';
  private shown: Shown | undefined;
  private chosen: HeadPlace | undefined;

  /** @param events a head was chosen to colour the prompt, or let go; the pointer is on a token, or on none */
  constructor(
    private theme: Theme,
    private readonly ask: Ask,
    private readonly events: {
      choose: (head: ChosenHead | undefined) => void;
      hover: (token: number | undefined) => void;
    },
    save: SaveFile,
  ) {
    const { root, note } = section(t('Attention by head'), 'heads');
    this.root = root;
    this.tools.append(
      pictureMenu(
        headPicture(() => this.picture()),
        save,
      ).root,
    );
    note.append(this.readout, this.tools);
    this.loading = new Loading('', () => this.load(this.token));
    this.grid = new HeadGrid(theme, {
      hover: (place, token) => {
        this.say(place);
        this.events.hover(token);
      },
      choose: place => this.select(place),
    });
    this.hideGrid(true);
    root.append(this.loading.root, this.grid.canvas);
  }

  show(view: RoutingView): void {
    this.view = view;
    this.loading.reset();
    [this.shown, this.chosen] = [undefined, undefined];
    this.hideGrid(true);
    this.say(undefined);
  }

  /** The token that the button is about. */
  point(token: number, mode: Mode): void {
    if (!this.view) return;
    this.token = token;
    this.loading.rename(
      t('Show attention of token {0} {1}', token, quotedToken(this.view.tokens[token].text)),
    );
    if (mode === this.mode) return;
    this.mode = mode;
    this.draw(this.theme);
    if (this.chosen) this.events.choose(this.headAt(this.chosen));
  }

  draw(theme: Theme): void {
    this.theme = theme;
    if (this.shown) this.grid.show(this.shown.result, this.mode, theme);
  }

  /** Marks the token that the pointer is on, anywhere. */
  mark(token: number | undefined): void {
    this.grid.mark(token);
  }

  /** Asks for the attention of a token. */
  load(token: number): void {
    this.release();
    void this.loading.wait(this.ask, { kind: 'attention-heads', token }, ({ result }) => {
      this.shown = { token, result };
      this.hideGrid(false);
      this.draw(this.theme);
      this.say(undefined);
    });
  }

  /** Lets the chosen head go. */
  release(): void {
    this.chosen = undefined;
    this.grid.choose(undefined);
    this.events.choose(undefined);
  }

  private select(place: HeadPlace): void {
    if (this.chosen?.row === place.row && this.chosen.head === place.head) {
      this.release();
      return;
    }
    this.chosen = place;
    this.grid.choose(place);
    this.events.choose(this.headAt(place));
  }

  private headAt({ row, head }: HeadPlace): ChosenHead | undefined {
    if (!this.shown) return undefined;
    const { result, token } = this.shown;
    const values = headsOf(result, this.mode)[row][head];
    return {
      ...{ token, layer: result.layers[row], head, values },
      isDifference: isHeadDifference(result, this.mode),
    };
  }

  private hideGrid(hidden: boolean): void {
    this.grid.canvas.hidden = this.tools.hidden = hidden;
  }

  /** @throws Error while no attention is shown: then there is no menu either */
  private picture(): ShownHeads {
    if (!this.view || !this.shown) throw new Error('nothing is shown');
    return { view: this.view, mode: this.mode, ...this.shown };
  }

  private say(place: HeadPlace | undefined): void {
    const { shown, view } = this;
    const head = place && this.headAt(place);
    if (!shown || !view) this.readout.textContent = '';
    else if (!head)
      this.readout.textContent = t(
        'from token {0} {1} to each token up to it · click colours the prompt',
        shown.token,
        quotedToken(view.tokens[shown.token].text),
      );
    else {
      const most = head.values.reduce((best, value, i) => (value > head.values[best] ? i : best), 0);
      this.readout.textContent = t(
        'layer {0}, head {1} · most to token {2} {3}: {4}',
        head.layer,
        head.head,
        most,
        quotedToken(view.tokens[most].text),
        (head.isDifference ? percentagePoints : percent)(head.values[most]),
      );
    }
  }
}
