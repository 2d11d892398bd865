/** @file From document offsets to tokens, from tokens to facts, from facts to the hover. */
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';

import { exampleView } from '../../../test/fixtures/routing-view';
import * as card from '../../../webview/routing/token-facts';
import { type RoutingView, RoutingViewSchema } from '../../protocol/routing-view';
import { DocumentTrace } from './document-trace';
import { hoverMarkdown, staleMarkdown } from './hover-text';
import { leastMarked, shareLevel } from './share-level';

const view = exampleView(true);
/** The traced part is `Who` + backtick + `?` + line break, at offset 5. */
const documentText = 'note Who`?\n tail';
const traced = { uri: 'file:///p.txt', documentText, start: 5, end: 11 };

describe('a traced document', () => {
  test('offsets and tokens belong together, within the traced part only', () => {
    const trace = new DocumentTrace(view, traced);
    expect([4, 5, 8, 9, 10, 11].map(offset => trace.tokenAt(offset))).toEqual([
      ...[undefined, 1, 1, 2, 2, undefined],
    ]);
    expect(trace.spanOf(1)).toEqual({ start: 5, end: 9 });
    expect(trace.spanOf(2)).toEqual({ start: 9, end: 11 });
    expect([trace.spanOf(0), trace.spanOf(3), trace.spanOf(9)]).toEqual([undefined, undefined, undefined]);
  });

  test('where a chat template cut white space away, no token of the template appears', () => {
    // "  Who`?" was sent, "Who`?" is left: its first character would stand at 1, inside of `<u>`.
    const cut = { ...view, source: { start: 1, end: 9 } };
    const text = '  Who`?\n tail';
    const trace = new DocumentTrace(cut, { uri: traced.uri, documentText: text, start: 0, end: 8 });
    expect([trace.spanOf(0), trace.spanOf(1)]).toEqual([undefined, { start: 2, end: 6 }]);
    expect([0, 1, 2].map(offset => trace.tokenAt(offset))).toEqual([undefined, undefined, 1]);
  });

  test('a text that is not in the prompt has no tokens', () => {
    const other = new DocumentTrace(view, { ...traced, documentText: 'something else', start: 0, end: 14 });
    expect([other.tokenAt(3), other.spanOf(1)]).toEqual([undefined, undefined]);
  });

  test('an edit makes it stale, undoing it heals it', () => {
    const trace = new DocumentTrace(view, traced);
    expect(trace.update(`${documentText}!`)).toBe(true);
    expect([trace.stale, trace.update(`${documentText}!!`)]).toEqual([true, false]);
    expect(trace.spanOf(1)).toEqual({ start: 5, end: 9 });
    expect(trace.update(documentText)).toBe(true);
    expect([trace.stale, trace.isEditedAt(6)]).toEqual([false, false]);
  });

  test('tokens behind an edit move along with their text', () => {
    const trace = new DocumentTrace(view, traced);
    trace.update(`new ${documentText}`);
    expect([trace.spanOf(1), trace.spanOf(2)]).toEqual([
      { start: 9, end: 13 },
      { start: 13, end: 15 },
    ]);
    expect([8, 9, 12, 13].map(offset => trace.tokenAt(offset))).toEqual([undefined, 1, 1, 2]);
    trace.update(documentText.slice(2));
    expect([trace.spanOf(1), trace.tokenAt(3)]).toEqual([{ start: 3, end: 7 }, 1]);
  });

  test('a token whose text was edited is gone, the others stay', () => {
    const trace = new DocumentTrace(view, traced);
    trace.update('note Whose`?\n tail');
    expect([trace.spanOf(1), trace.spanOf(2)]).toEqual([undefined, { start: 11, end: 13 }]);
    // `Who` was kept, but not the whole token; `se` is new.
    expect([6, 8, 9, 11].map(offset => trace.tokenAt(offset))).toEqual([
      ...[undefined, undefined, undefined, 2],
    ]);
    expect([6, 8, 9, 11].map(offset => trace.isEditedAt(offset))).toEqual([false, true, true, false]);
  });
});

/** With ordinary spaces, and none between the columns. */
const plain = (text: string): string => text.replaceAll('\u00a0', ' ').replaceAll('&nbsp;', '');

/** What the card of the panel says of a token: from the functions that it is made of. */
function cardFacts(
  of: RoutingView,
  token: number,
): { experts: string[][]; share: string; attention: string } {
  const sides = [of.base, ...(of.tuned ? [of.tuned] : [])];
  const experts = sides
    .map(side => card.choices(of, side, token))
    .map(layers =>
      layers.map(({ layer, experts: list }) =>
        [layer, ...list.map(e => `${e.faithful ? '★ ' : ''}${e.expert} ${e.weight.toFixed(2)}`)].join(' '),
      ),
    );
  const text = (pair: card.BaseAndTuned | undefined, decimals: number): string =>
    pair
      ? [pair.base, pair.tuned]
          .filter(value => value !== undefined)
          .map(value => (100 * value).toFixed(decimals))
          .join(' → ')
      : 'none';
  const [share, attention] = [card.faithfulShare(of, token), card.attentionReceived(of, token)];
  return { experts, share: text(share, 0), attention: text(attention, 1) };
}

/** The same, read in the hover. */
function hoverFacts(of: RoutingView, token: number): ReturnType<typeof cardFacts> {
  const lines = plain(hoverMarkdown(of, token, false)).split('\n');
  const rows = lines.filter(line => /^\| \d/.test(line)).map(line => line.split('|').slice(1, -1));
  const sides = rows[0].slice(1).map((_, side) =>
    rows.map(cells => {
      const list = cells[side + 1].split(',').map(expert => expert.replace(/[()]/g, '').trim());
      return [cells[0].trim(), ...list].join(' ');
    }),
  );
  const [, share] = /routing to ★ \*\*(.*?) %/.exec(lines.join('\n')) ?? ['', 'none'];
  const [, attention] = /last prompt token \*\*(.*?) %/.exec(lines.join('\n')) ?? ['', 'none'];
  return { experts: sides, share, attention };
}

describe('the hover', () => {
  test.each([true, false])('has the facts of the panel’s card, tuned: %s', tuned => {
    const of = exampleView(tuned);
    of.tokens.forEach((token, position) => {
      expect(hoverFacts(of, position)).toEqual(cardFacts(of, position));
      const [head] = hoverMarkdown(of, position, false).split('\n');
      for (const fact of [`id ${token.id} `, `position ${position} `, ` ${token.span}`])
        expect(head).toContain(fact);
      expect(head.includes('last prompt token')).toBe(position === of.last_prompt_token);
    });
  });

  test('shows every layer with its experts, stars and both sides', () => {
    const lines = plain(hoverMarkdown(view, 1, false)).split('\n');
    expect(lines[0]).toBe('**`` Who` ``** id 2 · position 1 · question');
    // Means: (0.75 + 0.25) / 2 of two routers, 0.2 × (1 + 1/2 + 1/3 + 1/4) / 4 of four layers.
    expect(lines).toContain('routing to ★ **0 → 50 %** · attention from last prompt token **10.4 → 10.4 %**');
    expect(lines).toContain('| 1 | 0 (0.75), 1 (0.25) | ★ 2 (0.75), 1 (0.25) |');
    expect(lines).toContain('| 3 | 3 (0.75), 2 (0.25) | 3 (0.75), ★ 0 (0.25) |');
  });

  test('without a run it shows one side', () => {
    const text = plain(hoverMarkdown(exampleView(false), 1, false));
    expect(text).toContain('| 1 | 0 (0.75), 1 (0.25) |\n');
    expect(text).not.toMatch(/★|→/);
  });

  test('says when the document was edited', () => {
    expect(hoverMarkdown(view, 1, true).startsWith(staleMarkdown)).toBe(true);
  });

  test.each(['<img src=x onerror=alert(1)>', '`', '``x`', '\n', '|', '[a](command:b)', '\u0000'])(
    'text %j stays inside inline code',
    text => {
      const tokens = [{ ...view.tokens[1], text }];
      const head = hoverMarkdown({ ...view, tokens }, 0, false).split('\n\n')[0];
      const [, fence, inside] = /^\*\*(`+) (.*) \1\*\* id/.exec(head) ?? [];
      expect(inside).toBeDefined();
      // CommonMark: code ends at the next run of exactly as many backticks.
      expect((inside.match(/`+/g) ?? []).filter(run => run.length === fence.length)).toEqual([]);
      expect(inside).not.toContain('\n');
    },
  );
});

test('a view without generation is valid', () => {
  expect(v.parse(RoutingViewSchema, view)).toEqual(view);
});

test('shades are equal steps; nothing has none', () => {
  expect([0, 0.009, 0.01, 0.24, 0.25, 0.5, 0.75, 1].map(share => shareLevel(share, 4))).toEqual([
    ...[undefined, undefined, 0, 0, 1, 2, 3, 3],
  ]);
});

test('a tenth of the shares stands out, one at least; nothing where there are none', () => {
  const twenty = Array.from({ length: 20 }, (_, i) => (i + 1) / 20);
  expect(leastMarked(twenty)).toBe(0.95);
  expect([leastMarked([0.2, 0.1]), leastMarked([0, 0]), leastMarked([])]).toEqual([0.2, Infinity, Infinity]);
});
