/** @file Greedy decoding in batches against decoding row by row. */
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { scratchFolder } from '../../test/helpers/scratch';
import { writeTinyCheckpoint } from '../../test/helpers/tiny-checkpoint';
import { generateGreedily } from './generate';
import { Model } from './model';
import { packRows } from './packed-batch';
import { traceBatch } from './trace';

const model = Model.open(writeTinyCheckpoint(path.join(scratchFolder(), 'tiny')), {
  threads: 1,
  memoryBudget: 1e12,
});
afterAll(() => model.release());

const prompts = [
  [0, 2, 40, 50, 60],
  [0, 2, 70],
  [0, 2, 200, 100, 90, 80, 30],
];
const maxNewTokens = 6;

/** The most probable token after all others, from the logits of a trace of this row alone. */
async function next(row: readonly number[]): Promise<number> {
  const { logits } = await traceBatch(model, packRows([row]), { logits: true });
  const vocabulary = model.architecture.vocabularySize;
  const last = Array.from((logits?.data as Float32Array).subarray((row.length - 1) * vocabulary));
  return last.indexOf(Math.max(...last));
}

describe('generateGreedily', () => {
  /** Continuations of each prompt alone. */
  let expected: number[][];
  beforeAll(async () => {
    expected = [];
    for (const prompt of prompts) {
      const row = [...prompt];
      for (let n = 0; n < maxNewTokens; n++) row.push(await next(row));
      expected.push(row.slice(prompt.length));
    }
  });

  it('continues each row as if it were alone', async () => {
    expect(await generateGreedily(model, prompts, { maxNewTokens })).toEqual(expected);
  });

  it('ends a row before the end-of-sequence token, and lets the others go on', async () => {
    const eosTokenId = expected[0][2];
    const ended = expected.map(ids =>
      ids.includes(eosTokenId) ? ids.slice(0, ids.indexOf(eosTokenId)) : ids,
    );
    expect(ended[0].length).toBeLessThan(maxNewTokens);
    expect(Math.max(...ended.map(ids => ids.length))).toBe(maxNewTokens);
    expect(await generateGreedily(model, prompts, { maxNewTokens, eosTokenId })).toEqual(ended);
  });

  it('gives nothing where nothing is asked for', async () => {
    expect(await generateGreedily(model, prompts, { maxNewTokens: 0 })).toEqual([[], [], []]);
    expect(await generateGreedily(model, [], { maxNewTokens })).toEqual([]);
  });
});
