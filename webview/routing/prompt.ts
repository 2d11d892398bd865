/** @file The prompt as text in which every token is a chip, coloured by the chosen quantity. */
import './prompt.css';

import type { RoutedToken, RoutingView } from '../../src/protocol/routing-view';
import { cssColour, readableOn } from '../shared/colour-scale';
import { element, section } from '../shared/dom';
import { quotedToken } from '../shared/format';
import type { Theme } from '../shared/theme';
import { type Grid, position } from './quantities';

export interface PromptEvents {
  hover: (token: number | undefined) => void;
  pin: (token: number) => void;
  /** Arrow keys: a pin moves along. */
  move: (token: number) => void;
  reveal: (token: number) => void;
}

export class Prompt {
  readonly root: HTMLElement;
  /** Place of the legend. */
  readonly note: HTMLElement;
  private readonly list = element('div', {
    class: 'tokens',
    role: 'listbox',
    'aria-label': 'Tokens of the prompt',
  });
  private view: RoutingView | undefined;
  private chips: HTMLElement[] = [];
  private hovered: number | undefined;
  private pinned: number | undefined;

  constructor(private readonly events: PromptEvents) {
    ({ root: this.root, note: this.note } = section('Prompt', 'prompt'));
    this.root.append(this.list);
    this.listen();
  }

  /** Lays out the tokens of a view. */
  show(view: RoutingView): void {
    this.view = view;
    [this.hovered, this.pinned] = [undefined, undefined];
    this.chips = view.tokens.map((token, index) => chip(token, index));
    this.list.replaceChildren(...boxedAnswers(view, this.chips));
    if (this.chips.length > 0) this.chips[0].tabIndex = 0;
  }

  /** Colours the tokens and names their values for screen readers. */
  colour(grid: Grid, theme: Theme): void {
    this.chips.forEach((chip, index) => {
      const token = this.view?.tokens[index];
      const value = grid.tokens[index];
      if (!token || value === undefined) return;
      const background = theme.data[grid.scale](position(grid, value));
      chip.style.backgroundColor = cssColour(background);
      chip.style.color = cssColour(readableOn(background, theme.foreground));
      chip.setAttribute('aria-label', label(token, index, grid.format(value)));
    });
  }

  /** Marks the hovered and the pinned token; the latter is where Tab enters the prompt. */
  point(hovered: number | undefined, pinned: number | undefined): void {
    this.mark(this.hovered, 'hovered', false);
    this.mark(this.pinned, 'pinned', false);
    this.mark(hovered, 'hovered', true);
    this.mark(pinned, 'pinned', true);
    [this.hovered, this.pinned] = [hovered, pinned];
  }

  /** Scrolls the token into view. */
  scrollTo(token: number): void {
    this.chips[token]?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }

  private mark(token: number | undefined, name: 'hovered' | 'pinned', on: boolean): void {
    if (token === undefined) return;
    this.chips[token]?.classList.toggle(name, on);
    if (name === 'pinned') this.chips[token]?.setAttribute('aria-selected', String(on));
  }

  private listen(): void {
    const tokenOf = (event: Event): number | undefined => {
      const chip = event.target instanceof Element ? event.target.closest<HTMLElement>('.token') : null;
      return chip ? Number(chip.dataset.token) : undefined;
    };
    this.list.addEventListener('pointerover', event => {
      const token = tokenOf(event);
      if (token !== undefined) this.events.hover(token);
    });
    this.list.addEventListener('pointerleave', () => this.events.hover(undefined));
    this.list.addEventListener('click', event => {
      const token = tokenOf(event);
      if (token !== undefined) this.events.pin(token);
    });
    this.list.addEventListener('dblclick', event => {
      const token = tokenOf(event);
      if (token !== undefined) this.events.reveal(token);
    });
    this.list.addEventListener('focusin', event => {
      const token = tokenOf(event);
      if (token === undefined) return;
      for (const chip of this.list.querySelectorAll<HTMLElement>('.token[tabindex="0"]')) chip.tabIndex = -1;
      this.chips[token].tabIndex = 0;
      this.events.hover(token);
    });
    this.list.addEventListener('keydown', event => this.key(event, tokenOf(event)));
  }

  private key(event: KeyboardEvent, token: number | undefined): void {
    if (token === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === 'Enter' || event.key === ' ') this.events.pin(token);
    else {
      const next = this.target(event.key, token);
      if (next === undefined) return;
      this.chips[next].focus();
      this.events.move(next);
    }
    event.preventDefault();
  }

  private target(key: string, token: number): number | undefined {
    const last = this.chips.length - 1;
    switch (key) {
      case 'ArrowLeft':
        return Math.max(0, token - 1);
      case 'ArrowRight':
        return Math.min(last, token + 1);
      case 'ArrowUp':
        return this.onNeighbouringLine(token, -1);
      case 'ArrowDown':
        return this.onNeighbouringLine(token, 1);
      case 'Home':
        return 0;
      case 'End':
        return last;
      default:
        return undefined;
    }
  }

  /** The token on the line above or below whose left edge is closest. */
  private onNeighbouringLine(token: number, step: -1 | 1): number {
    const { left, top } = this.chips[token].getClientRects()[0];
    let best = token;
    let line: number | undefined;
    let distance = Infinity;
    for (let i = token + step; i >= 0 && i < this.chips.length; i += step) {
      const rectangle = this.chips[i].getClientRects()[0];
      if (Math.abs(rectangle.top - top) < 2) continue;
      line ??= rectangle.top;
      if (Math.abs(rectangle.top - line) >= 2) break;
      if (Math.abs(rectangle.left - left) >= distance) continue;
      [best, distance] = [i, Math.abs(rectangle.left - left)];
    }
    return best;
  }
}

function chip(token: RoutedToken, index: number): HTMLElement {
  const marked = token.span === 'context' || token.span === 'generated';
  const made = element('span', {
    class: marked ? `token ${token.span}` : 'token',
    role: 'option',
    'aria-selected': 'false',
    tabindex: -1,
    'data-token': index,
  });
  // A sign before each line break: otherwise there would be nothing to point at.
  token.text.split('\n').forEach((line, i) => {
    if (i > 0) made.append(element('span', { class: 'invisible', 'aria-hidden': 'true' }, '↵'), '\n');
    if (line !== '') made.append(line);
  });
  if (token.text === '') made.append(element('span', { class: 'invisible', 'aria-hidden': 'true' }, '▫'));
  return made;
}

/** The chips in order; those of the answer in the context share one box. */
function boxedAnswers(view: RoutingView, chips: readonly HTMLElement[]): HTMLElement[] {
  const children: HTMLElement[] = [];
  let box: HTMLElement | undefined;
  chips.forEach((chip, index) => {
    if (!view.tokens[index].answer_in_context) box = undefined;
    else if (!box) children.push((box = element('span', { class: 'answer', role: 'presentation' })));
    if (box) box.append(chip);
    else children.push(chip);
  });
  return children;
}

function label(token: RoutedToken, index: number, value: string): string {
  const answer = token.answer_in_context ? ', answer' : '';
  return `token ${index} ${quotedToken(token.text)}, ${token.span}${answer}, ${value}`;
}
