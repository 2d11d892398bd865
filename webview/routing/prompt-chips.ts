/** @file The chips of a prompt: one for each token or group, in blocks of lines of which only those in sight are drawn. */
import type { RoutingView } from '../../src/protocol/routing-view';
import { element } from '../shared/dom';
import type { Group } from './groups';

/** A block is closed at the first line break behind this many chips. */
const chipsInBlock = 120;

/** @returns a chip for each group, and the blocks to put into the page */
export function chipsOf(
  view: RoutingView,
  groups: readonly Group[],
): { chips: HTMLElement[]; blocks: HTMLElement[] } {
  const chips = groups.map(group => chip(view, group));
  const blocks: HTMLElement[] = [];
  let block: HTMLElement | undefined;
  let box: HTMLElement | undefined;
  chips.forEach((made, i) => {
    if (!block) blocks.push((block = element('div', { class: 'block', role: 'presentation' })));
    // Neighbouring chips of the answer in the context share one box.
    if (!isAnswer(view, groups[i])) box = undefined;
    else if (!box) block.append((box = element('span', { class: 'answer', role: 'presentation' })));
    (box ?? block).append(made);
    const { end } = view.tokens[groups[i].to - 1];
    if (block.childElementCount >= chipsInBlock && view.text[end - 1] === '\n') block = box = undefined;
  });
  return { chips, blocks };
}

function isAnswer(view: RoutingView, { from, to }: Group): boolean {
  return view.tokens.slice(from, to).every(token => token.answer_in_context);
}

function chip(view: RoutingView, group: Group): HTMLElement {
  const { span } = view.tokens[group.from];
  const marked = span === 'context' || span === 'generated';
  const made = element('span', {
    class: marked ? `token ${span}` : 'token',
    role: 'option',
    'aria-selected': 'false',
    tabindex: -1,
    'data-token': group.from,
  });
  made.append(...pieces(view, group));
  if (made.childNodes.length === 0) made.append(invisible('▫'));
  return made;
}

/** Texts of the tokens; an answer that is a part of the group has its box inside. */
function pieces(view: RoutingView, group: Group): (Node | string)[] {
  const inside = !isAnswer(view, group);
  const made: (Node | string)[] = [];
  let box: HTMLElement | undefined;
  for (const token of view.tokens.slice(group.from, group.to)) {
    if (!inside || !token.answer_in_context) box = undefined;
    else if (!box) made.push((box = element('span', { class: 'answer', role: 'presentation' })));
    if (box) box.append(...visibleText(token.text));
    else made.push(...visibleText(token.text));
  }
  return made;
}

/** A sign before each line break: otherwise there would be nothing to point at. */
function visibleText(text: string): (Node | string)[] {
  return text.split('\n').flatMap((line, i) => {
    const parts: (Node | string)[] = i > 0 ? [invisible('↵'), '\n'] : [];
    if (line !== '') parts.push(line);
    return parts;
  });
}

function invisible(sign: string): HTMLElement {
  return element('span', { class: 'invisible', 'aria-hidden': 'true' }, sign);
}
