/** @file What a file of samples holds. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { expect, test } from 'vitest';

import { samplesMeasured, SplitFactsCache } from './split-facts';

test('samples are counted, words are measured at the beginning, and again when the file changed', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rl-split-'));
  try {
    const file = path.join(folder, 'data.jsonl');
    const line = (context: string): string =>
      `${JSON.stringify({ context, question: 'Who is it?', answer: ['Ann', 'Bob'] })}\n`;
    writeFileSync(file, line('one two') + line('one  two\nthree four'));
    const cache = new SplitFactsCache();
    // Context, three words of the question, one of the first answer.
    expect(await cache.of(file)).toEqual({ samples: 2, meanWords: (6 + 8) / 2 });
    writeFileSync(file, line('one').repeat(samplesMeasured) + line('many '.repeat(500)));
    expect(await cache.of(file)).toEqual({ samples: samplesMeasured + 1, meanWords: 5 });
    await expect(cache.of(path.join(folder, 'gone.json'))).rejects.toThrow('ENOENT');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
