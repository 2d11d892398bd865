/** @file The card of one token: span, attention, experts by layer, share of context-faithful experts. */
import './token-card.css';

import type { RoutingView, TokenSpan } from '../../src/protocol/routing-view';
import { element } from '../shared/dom';
import { percent, quotedToken } from '../shared/format';
import type { Mode } from './quantities';
import {
  attentionReceived,
  type BaseAndTuned,
  type ChangedChoice,
  type Choice,
  choices,
  compareChoices,
  faithfulShare,
} from './token-facts';

const spanNames: Record<TokenSpan, string> = {
  template: 'template',
  context: 'context',
  question: 'question',
  answer: 'answer',
  generated: 'generated',
};

export class TokenCard {
  readonly root = element('aside', { 'aria-label': 'Token' });

  /** @param reveal the user asks for the token's place in the editor */
  constructor(private readonly reveal: (token: number) => void) {}

  show(view: RoutingView, token: number, mode: Mode, pinned: boolean): void {
    this.root.replaceChildren(
      heading(`Token ${token}`, pinned ? 'pinned · Esc frees' : 'click pins'),
      ...this.identity(view, token),
      ...shareBars(faithfulShare(view, token)),
      heading('Experts by layer', expertsNote(view, mode)),
      expertTable(view, token, mode),
    );
  }

  private identity(view: RoutingView, token: number): HTMLElement[] {
    const { id, text, span, answer_in_context: answer, start, end } = view.tokens[token];
    const facts = [`id ${id}`, spanNames[span], ...(answer ? ['answer'] : [])];
    if (token === view.last_prompt_token) facts.push('last prompt token');
    const name = element('p', { class: 'name' }, text === '' ? '(no text of its own)' : quotedToken(text));
    const lines = [name, element('p', { class: 'facts' }, facts.join(' · '))];
    const attention = attentionReceived(view, token);
    if (attention) {
      const hint = 'Attention from the last prompt token, mean over heads and layers';
      lines.push(
        element('p', { class: 'facts', title: hint }, 'attention from last prompt token ', change(attention)),
      );
    }
    if (start >= view.source.start && end <= view.source.end) {
      const button = element('button', { type: 'button', class: 'link' }, 'Show in editor');
      button.addEventListener('click', () => this.reveal(token));
      lines.push(element('p', {}, button));
    }
    return lines;
  }
}

function heading(text: string, note: string): HTMLElement {
  return element('header', {}, element('h2', {}, text), element('span', { class: 'note' }, note));
}

function change({ base, tuned }: BaseAndTuned): HTMLElement {
  return element('b', {}, tuned === undefined ? percent(base) : `${percent(base)} → ${percent(tuned)}`);
}

function expertsNote(view: RoutingView, mode: Mode): string {
  const faithful = Object.keys(view.ce).length > 0 ? '★ context-faithful' : 'expert, weight';
  return mode === 'difference' ? `+ new · − dropped · ${faithful}` : faithful;
}

function expertTable(view: RoutingView, token: number, mode: Mode): HTMLElement {
  const base = choices(view, view.base, token);
  const tuned = view.tuned && choices(view, view.tuned, token);
  const shown = mode === 'base' || !tuned ? base : tuned;
  const rows = shown.map(({ layer, experts }, row) => {
    const list = mode === 'difference' && tuned ? compareChoices(base[row].experts, experts) : experts;
    const cell = element('td', {}, ...list.map(choice => expertChip(choice)));
    return element('tr', {}, element('th', { scope: 'row' }, `L${layer}`), cell);
  });
  return element(
    'table',
    { class: mode === 'difference' ? 'experts compared' : 'experts' },
    element('tbody', {}, ...rows),
  );
}

function expertChip(choice: Choice | ChangedChoice): HTMLElement {
  const change = 'change' in choice ? choice.change : 'kept';
  const sign = { kept: '', added: '+', dropped: '−' }[change];
  const weight = choice.weight.toFixed(2);
  const words = [`expert ${choice.expert}`, `weight ${weight}`];
  if (choice.faithful) words.push('context-faithful');
  if (change !== 'kept') words.push(change === 'added' ? 'new' : 'dropped');
  const chip = element('span', {
    class: ['expert', change, ...(choice.faithful ? ['is-faithful'] : [])].join(' '),
    title: words.join(', '),
  });
  if (choice.faithful) chip.append(element('span', { class: 'faithful' }, '★'));
  chip.append(`${sign}${choice.expert}`, element('small', {}, weight));
  return chip;
}

function shareBars(share: BaseAndTuned | undefined): HTMLElement[] {
  if (!share) return [];
  const bars = [{ name: 'base', value: share.base }];
  if (share.tuned !== undefined) bars.push({ name: 'tuned', value: share.tuned });
  return [
    heading('Share sent to ★', 'mean over layers'),
    element('div', { class: 'shares' }, ...bars.flatMap(({ name, value }) => bar(name, value))),
  ];
}

function bar(name: string, value: number): HTMLElement[] {
  const fill = element('i', { class: name });
  fill.style.width = `${100 * value}%`;
  return [
    element('span', { class: 'muted' }, name),
    element('span', { class: 'track', 'aria-hidden': 'true' }, fill),
    element('span', {}, percent(value)),
  ];
}
