/** @file Tokens of a prompt in words, sentences and paragraphs. */
import { describe, expect, it } from 'vitest';

import type { RoutedToken, RoutingView } from '../../src/protocol/routing-view';
import { type Grouping, groupsOf, groupText } from './groups';
import { smallView } from './small-view.fixture';

/** A view of these tokens, each with the initial of its span: `c` context, `q` question, `t` template. */
function viewOf(...parts: [string, 'c' | 'q' | 't'][]): RoutingView {
  const spans = { c: 'context', q: 'question', t: 'template' } as const;
  let start = 0;
  const tokens = parts.map(([text, span], id): RoutedToken => {
    const end = start + text.length;
    const token = { id, text, start, end, span: spans[span], answer_in_context: false };
    start = end;
    return token;
  });
  return { ...smallView, tokens, text: parts.map(([text]) => text).join('') };
}

const view = viewOf(
  ['Ner', 'c'],
  ['min', 'c'],
  ['ster', 'c'],
  [',', 'c'],
  [' is', 'c'],
  [' old', 'c'],
  ['.', 'c'],
  [' It', 'c'],
  [' grew', 'c'],
  ['.\n\n', 'c'],
  ['Later', 'c'],
  ['!', 'c'],
  [' Where', 'q'],
  ['?', 'q'],
);
const texts = (grouping: Grouping): string[] =>
  groupsOf(view, grouping).list.map(group => groupText(view, group));

describe('groups of tokens', () => {
  it('tokens stay as they are', () => expect(groupsOf(view, 'token').count).toBe(14));

  it('words: pieces are joined, punctuation stands alone', () => {
    expect(texts('word')).toEqual([
      ...['Nerminster', ',', ' is', ' old', '.', ' It', ' grew', '.\n\n', 'Later', '!', ' Where', '?'],
    ]);
  });

  it('sentences end at a full stop and at the end of a span', () => {
    expect(texts('sentence')).toEqual(['Nerminster, is old.', ' It grew.\n\n', 'Later!', ' Where?']);
  });

  it('paragraphs are parted by blank lines', () => {
    expect(texts('paragraph')).toEqual(['Nerminster, is old. It grew.\n\n', 'Later!', ' Where?']);
  });

  it('know the group of a token', () => {
    const words = groupsOf(view, 'word');
    expect([words.at(0), words.at(2), words.at(3), words.at(13)]).toEqual([0, 0, 1, 11]);
    expect(words.group(1)).toEqual({ from: 0, to: 3 });
  });

  it('a single line break does not end a paragraph, white space alone belongs to what stands before it', () => {
    const lines = viewOf(['a', 'c'], ['\n', 'c'], ['b', 'c'], ['\n', 'c'], ['\n', 'c'], ['c', 'c']);
    const of = (grouping: Grouping): string[] =>
      groupsOf(lines, grouping).list.map(group => groupText(lines, group));
    expect(of('paragraph')).toEqual(['a\nb\n\n', 'c']);
    expect(of('sentence')).toEqual(['a\n', 'b\n\n', 'c']);
  });

  it('a token without text belongs to the one before it', () => {
    const halves = viewOf(['a', 'c'], ['', 'c'], [' b', 'c']);
    expect(groupsOf(halves, 'word').list).toEqual([
      { from: 0, to: 2 },
      { from: 2, to: 3 },
    ]);
    expect(groupsOf(halves, 'token').count).toBe(3);
  });

  it('no tokens, no groups', () => expect(groupsOf({ ...view, tokens: [] }, 'word').count).toBe(0));
});
