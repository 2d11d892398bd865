/** @file Samples of a dataset that is open in an editor. */
import { expect, test } from 'vitest';

import { type Lines, SampleLines } from './sample-lines';

/** Counts the lines that were looked at. */
function documentOf(text: string): Lines & { furthest: () => number } {
  const lines = text.split('\n');
  let furthest = 0;
  return {
    lineCount: lines.length,
    lineAt: line => {
      furthest = Math.max(furthest, line + 1);
      return { text: lines[line] };
    },
    furthest: () => furthest,
  };
}

const sample = (i: number): object => ({ context: `c {${i}}`, question: 'a "q" }', answer: ['x'] });

test('JSONL: a sample a line', () => {
  const text = [0, 1, 2].map(i => JSON.stringify(sample(i))).join('\n\n');
  const lines = new SampleLines(documentOf(text));
  expect(lines.between(0, 100)).toEqual([
    { index: 0, line: 0 },
    { index: 1, line: 2 },
    { index: 2, line: 4 },
  ]);
  expect(lines.between(1, 2)).toEqual([{ index: 1, line: 2 }]);
});

test('an indented JSON list: braces in texts are no samples', () => {
  const text = JSON.stringify([sample(0), sample(1)], null, 2);
  // `[`, then `{`, context, question, answer: [, "x", ], `}` for each.
  expect(new SampleLines(documentOf(text)).between(0, 100)).toEqual([
    { index: 0, line: 1 },
    { index: 1, line: 8 },
  ]);
});

test('everything in one line: the first sample of it', () => {
  const lines = new SampleLines(documentOf(JSON.stringify([sample(0), sample(1)])));
  expect(lines.between(0, 0)).toEqual([{ index: 0, line: 0 }]);
});

test('other JSON has no samples', () => {
  for (const text of ['{"name": "x"}', '[1, 2]', '', '{"context": 1, "question": "", "answer": ""}', '{'])
    expect(new SampleLines(documentOf(text)).between(0, 100)).toEqual([]);
});

test('a large file is read as far as it is looked at', () => {
  const text = Array.from({ length: 20_000 }, (_, i) => JSON.stringify(sample(i))).join('\n');
  const document = documentOf(text);
  const lines = new SampleLines(document);
  expect(lines.between(0, 99)).toHaveLength(100);
  expect(document.furthest()).toBeLessThan(110);
  expect(lines.between(19_990, 30_000).at(-1)).toEqual({ index: 19_999, line: 19_999 });
});
