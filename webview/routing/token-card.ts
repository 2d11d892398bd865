/** @file The card of one token or group: span, attention, experts by layer, share of context-faithful experts. */
import './token-card.css';

import { t } from '@vscode/l10n';

import type { RoutingView } from '../../src/protocol/routing-view';
import { element } from '../shared/dom';
import { percent, quotedToken } from '../shared/format';
import { expertChip } from './expert-chip';
import { groupAttention, groupChoices, groupShare } from './group-facts';
import { type Group, groupText } from './groups';
import type { Mode } from './quantities';
import { spanName } from './span-name';
import type { Expert } from './state';
import { type BaseAndTuned, type Choice, compareChoices } from './token-facts';

export interface TokenCardEvents {
  /** The user asks for the token's place in the editor. */
  reveal: (token: number) => void;
  /** An expert was chosen, or let go. */
  expert: (expert: Expert | undefined) => void;
  /** The user asks for the attention of the token, head by head. */
  heads: (token: number) => void;
}

export interface CardContent {
  view: RoutingView;
  group: Group;
  mode: Mode;
  pinned: boolean;
  expert: Expert | undefined;
}

/** A group of many tokens uses many experts: at most this many times the top-k are listed. */
const listedForGroup = 2;

export class TokenCard {
  readonly root = element('aside', { 'aria-label': t('Token') });

  constructor(private readonly events: TokenCardEvents) {}

  show(content: CardContent): void {
    const { view, group, mode, pinned } = content;
    const focused = this.focusedExpert();
    this.root.replaceChildren(
      heading(title(group), pinned ? t('pinned · Esc frees') : t('click pins')),
      ...this.identity(view, group),
      ...shareBars(groupShare(view, group)),
      heading(t('Experts by layer'), expertsNote(view, mode)),
      this.expertTable(content),
    );
    if (focused !== undefined) this.root.querySelectorAll<HTMLElement>('.expert')[focused]?.focus();
  }

  private identity(view: RoutingView, group: Group): HTMLElement[] {
    const { start } = view.tokens[group.from];
    const { end } = view.tokens[group.to - 1];
    const text = groupText(view, group);
    const name = element('p', { class: 'name' }, text === '' ? t('(no text of its own)') : quotedToken(text));
    const lines = [name, element('p', { class: 'facts' }, facts(view, group))];
    const attention = groupAttention(view, group);
    if (attention) {
      const hint = t('Attention from the last prompt token, mean over heads and layers');
      const line = element('p', { class: 'facts', title: hint }, t('attention from last prompt token'), ' ');
      line.append(change(attention));
      lines.push(line);
    }
    const links = element('p', { class: 'links' });
    if (start >= view.source.start && end <= view.source.end)
      links.append(link(t('Show in editor'), () => this.events.reveal(group.from)));
    if (attention) links.append(link(t('Attention by head'), () => this.events.heads(group.to - 1)));
    if (links.childElementCount > 0) lines.push(links);
    return lines;
  }

  private expertTable({ view, group, mode, expert: chosen }: CardContent): HTMLElement {
    const base = groupChoices(view, view.base, group);
    const tuned = view.tuned && groupChoices(view, view.tuned, group);
    const shown = mode === 'base' || !tuned ? base : tuned;
    const listed = group.to - group.from > 1 ? listedForGroup * view.top_k : Infinity;
    const rows = shown.map(({ layer, experts }, row) => {
      const list: Choice[] =
        mode === 'difference' && tuned ? compareChoices(base[row].experts, experts) : experts;
      const chips = list.slice(0, listed).map(choice => {
        const pressed = chosen?.layer === layer && chosen.expert === choice.expert;
        const next = pressed ? undefined : { layer, expert: choice.expert };
        return expertChip(choice, pressed, () => this.events.expert(next));
      });
      if (list.length > listed)
        chips.push(element('span', { class: 'more' }, t('{0} more', list.length - listed)));
      return element('tr', {}, element('th', { scope: 'row' }, `L${layer}`), element('td', {}, ...chips));
    });
    return element(
      'table',
      {
        class: mode === 'difference' ? 'experts compared' : 'experts',
        'aria-label': t('Experts by layer'),
      },
      element('tbody', {}, ...rows),
    );
  }

  /** Position of the expert that has the keyboard's focus, to give it back after a redraw. */
  private focusedExpert(): number | undefined {
    const all = [...this.root.querySelectorAll('.expert')];
    const at = all.findIndex(chip => chip === document.activeElement);
    return at < 0 ? undefined : at;
  }
}

function title({ from, to }: Group): string {
  return to - from > 1 ? t('Tokens {0}–{1}', from, to - 1) : t('Token {0}', from);
}

function facts(view: RoutingView, { from, to }: Group): string {
  const tokens = view.tokens.slice(from, to);
  const [first] = tokens;
  const parts = [
    to - from > 1 ? t('{0} tokens, their mean', to - from) : t('id {0}', first.id),
    spanName(first.span),
  ];
  if (tokens.some(token => token.answer_in_context)) parts.push(t('answer'));
  if (from <= view.last_prompt_token && view.last_prompt_token < to) parts.push(t('last prompt token'));
  if (first.span === 'generated' && view.generated_by)
    parts.push(view.generated_by === 'tuned' ? t('by the tuned model') : t('by the base model'));
  return parts.join(' · ');
}

function heading(text: string, note: string): HTMLElement {
  return element('header', {}, element('h2', {}, text), element('span', { class: 'note' }, note));
}

function link(text: string, click: () => void): HTMLElement {
  const made = element('button', { type: 'button', class: 'link' }, text);
  made.addEventListener('click', click);
  return made;
}

function change({ base, tuned }: BaseAndTuned): HTMLElement {
  return element('b', {}, tuned === undefined ? percent(base) : `${percent(base)} → ${percent(tuned)}`);
}

function expertsNote(view: RoutingView, mode: Mode): string {
  const faithful = Object.keys(view.ce).length > 0 ? t('★ context-faithful') : t('expert, weight');
  return mode === 'difference' ? t('+ new · − dropped · {0}', faithful) : faithful;
}

function shareBars(share: BaseAndTuned | undefined): HTMLElement[] {
  if (!share) return [];
  const bars = [{ name: t('base'), side: 'base', value: share.base }];
  if (share.tuned !== undefined) bars.push({ name: t('tuned'), side: 'tuned', value: share.tuned });
  return [
    heading(t('Share sent to ★'), t('mean over layers')),
    element('div', { class: 'shares' }, ...bars.flatMap(({ name, side, value }) => bar(name, side, value))),
  ];
}

function bar(name: string, side: string, value: number): HTMLElement[] {
  const fill = element('i', { class: side });
  fill.style.width = `${100 * value}%`;
  return [
    element('span', { class: 'muted' }, name),
    element('span', { class: 'track', 'aria-hidden': 'true' }, fill),
    element('span', {}, percent(value)),
  ];
}
