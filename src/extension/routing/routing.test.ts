/** @file From document offsets to tokens, from tokens to facts, from facts to the hover. */
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';

import { exampleView } from '../../../test/fixtures/routing-view';
import { RoutingViewSchema } from '../../protocol/routing-view';
import { DocumentTrace } from './document-trace';
import { hoverMarkdown, staleMarkdown } from './hover-text';
import { shareLevel } from './share-level';
import { meanShare, tokenFacts } from './token-facts';

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
    expect(trace.isUnchangedAt({ start: 5, end: 9 })).toBe(true);
    trace.update(`x${documentText}`);
    expect(trace.isUnchangedAt({ start: 5, end: 9 })).toBe(false);
    expect(trace.update(documentText)).toBe(true);
    expect(trace.stale).toBe(false);
  });
});

describe('facts of a token', () => {
  test('experts, weights, share and attention of each MoE layer, base and tuned', () => {
    const [first, second] = tokenFacts(view, 1);
    expect(first.layer).toBe(1);
    expect(first.experts.base).toEqual([
      { expert: 0, weight: 0.75, contextFaithful: false },
      { expert: 1, weight: 0.25, contextFaithful: false },
    ]);
    expect(first.experts.tuned?.[0]).toEqual({ expert: 2, weight: 0.75, contextFaithful: true });
    expect(first.share).toEqual({ base: 0, tuned: 0.75 });
    // Attention is kept for every layer, also for those without a router: layer 3 is its fourth row.
    expect(second.attention).toEqual({ base: 0.2 / 4, tuned: 0.2 / 4 });
    expect(meanShare(view, 1)).toBe(0.5);
  });

  test('without a run there are no shares and no tuned side', () => {
    const [first] = tokenFacts(exampleView(false), 1);
    expect([first.share, first.experts.tuned, meanShare(exampleView(false), 1)]).toEqual([
      ...[undefined, undefined, undefined],
    ]);
  });
});

/** With ordinary spaces, and none between the columns. */
const plain = (text: string): string => text.replaceAll('\u00a0', ' ').replaceAll('&nbsp;', '');

describe('the hover', () => {
  test('shows every layer with its experts, stars and both sides', () => {
    const lines = plain(hoverMarkdown(view, 1, false)).split('\n');
    expect(lines[0]).toBe('**`` Who` ``** id 2 · position 1 · question');
    expect(lines).toContain('| 1 | 0 (0.75), 1 (0.25) | ★ 2 (0.75), 1 (0.25) | 0 → 75 % | 10.0 → 10.0 % |');
    expect(lines).toContain('| 3 | 3 (0.75), 2 (0.25) | 3 (0.75), ★ 0 (0.25) | 0 → 25 % | 5.0 → 5.0 % |');
  });

  test('without a run it shows one side', () => {
    expect(plain(hoverMarkdown(exampleView(false), 1, false))).toContain(
      '| 1 | 0 (0.75), 1 (0.25) | 10.0 % |',
    );
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
