/** @file The prompt as text in which every token or group is a chip, coloured by the chosen quantity. */
import './prompt.css';

import { t } from '@vscode/l10n';

import type { RoutingView } from '../../src/protocol/routing-view';
import { cssColour, readableOn } from '../shared/colour-scale';
import { element, section } from '../shared/dom';
import { quotedToken } from '../shared/format';
import type { Theme } from '../shared/theme';
import { nextChip } from './chip-keys';
import { type Grid, position } from './grid';
import { type Group, Groups, groupText } from './groups';
import { chipsOf } from './prompt-chips';
import { spanName } from './span-name';

export interface PromptEvents {
  hover: (token: number | undefined) => void;
  pin: (token: number) => void;
  /** Arrow keys: a pin moves along. */
  move: (token: number) => void;
  reveal: (token: number) => void;
}

/** What colours the chips: a value for each, and its scale. */
export type ChipColours = Pick<Grid, 'values' | 'scale' | 'low' | 'high' | 'format'>;

export class Prompt {
  readonly root: HTMLElement;
  /** Places of the legend and of a menu. */
  readonly legend = element('span', { class: 'legend-place' });
  readonly tools = element('span', { class: 'tools' });
  private readonly list = element('div', {
    class: 'tokens',
    role: 'listbox',
    'aria-label': t('Tokens of the prompt'),
  });
  private view: RoutingView | undefined;
  private groups = new Groups([]);
  private chips: HTMLElement[] = [];
  private hovered: number | undefined;
  private pinned: number | undefined;
  private routed: readonly number[] = [];

  constructor(private readonly events: PromptEvents) {
    const { root, note } = section(t('Prompt'), 'prompt');
    this.root = root;
    note.append(this.legend, this.tools);
    root.append(this.list);
    this.listen();
  }

  /** Lays out the tokens of a view. */
  show(view: RoutingView, groups: Groups): void {
    [this.view, this.groups] = [view, groups];
    [this.hovered, this.pinned, this.routed] = [undefined, undefined, []];
    const { chips, blocks } = chipsOf(view, groups.list);
    this.chips = chips;
    this.list.replaceChildren(...blocks);
    if (chips.length > 0) chips[0].tabIndex = 0;
  }

  /** Colours the chips and names their values for screen readers. */
  colour({ values, scale, low, high, format }: ChipColours, theme: Theme): void {
    const { view } = this;
    if (!view) return;
    this.chips.forEach((chip, i) => {
      const value = values[i];
      const background = theme.data[scale](position({ low, high }, value));
      chip.style.backgroundColor = cssColour(background);
      chip.style.color = cssColour(readableOn(background, theme.foreground));
      chip.setAttribute('aria-label', label(view, this.groups.list[i], format(value)));
    });
  }

  /** Marks the chips of the hovered and the pinned token; the latter is where Tab enters the prompt. */
  point(hovered: number | undefined, pinned: number | undefined): void {
    const chipOf = (token: number | undefined): number | undefined =>
      token === undefined || !this.view ? undefined : this.groups.at(token);
    const [hoveredChip, pinnedChip] = [chipOf(hovered), chipOf(pinned)];
    if (hoveredChip !== this.hovered) {
      this.mark(this.hovered, 'hovered', false);
      this.mark(hoveredChip, 'hovered', true);
    }
    if (pinnedChip !== this.pinned) {
      this.mark(this.pinned, 'pinned', false);
      this.mark(pinnedChip, 'pinned', true);
    }
    [this.hovered, this.pinned] = [hoveredChip, pinnedChip];
  }

  /** Marks the chips that hold a token which was sent to the chosen expert. */
  markRouted(groups: readonly number[]): void {
    for (const chip of this.routed) this.chips[chip]?.classList.remove('routed');
    for (const chip of groups) this.chips[chip]?.classList.add('routed');
    this.routed = groups;
  }

  /** Scrolls the token into view. */
  scrollTo(token: number): void {
    this.chips[this.groups.at(token)]?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }

  private mark(chip: number | undefined, name: 'hovered' | 'pinned', on: boolean): void {
    if (chip === undefined) return;
    this.chips[chip]?.classList.toggle(name, on);
    if (name === 'pinned') this.chips[chip]?.setAttribute('aria-selected', String(on));
  }

  private listen(): void {
    const on = <Name extends keyof HTMLElementEventMap>(
      name: Name,
      handle: (token: number, event: HTMLElementEventMap[Name]) => void,
    ): void =>
      this.list.addEventListener(name, event => {
        const chip = event.target instanceof Element ? event.target.closest<HTMLElement>('.token') : null;
        if (chip) handle(Number(chip.dataset.token), event);
      });
    on('pointerover', token => this.events.hover(token));
    on('click', token => this.events.pin(token));
    on('dblclick', token => this.events.reveal(token));
    on('focusin', token => {
      for (const chip of this.list.querySelectorAll<HTMLElement>('.token[tabindex="0"]')) chip.tabIndex = -1;
      this.chips[this.groups.at(token)].tabIndex = 0;
      this.events.hover(token);
    });
    on('keydown', (token, event) => this.key(event, token));
    this.list.addEventListener('pointerleave', () => this.events.hover(undefined));
  }

  private key(event: KeyboardEvent, token: number): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === 'Enter' || event.key === ' ') this.events.pin(token);
    else {
      const next = nextChip(this.chips, this.groups.at(token), event.key);
      if (next === undefined) return;
      this.chips[next].focus();
      this.events.move(this.groups.list[next].from);
    }
    event.preventDefault();
  }
}

function label(view: RoutingView, group: Group, value: string): string {
  const { span, answer_in_context: answer } = view.tokens[group.from];
  const where = answer ? t('{0}, answer', spanName(span)) : spanName(span);
  const text = quotedToken(groupText(view, group));
  return group.to - group.from > 1
    ? t('tokens {0} to {1} {2}, {3}, {4}', group.from, group.to - 1, text, where, value)
    : t('token {0} {1}, {2}, {3}', group.from, text, where, value);
}
