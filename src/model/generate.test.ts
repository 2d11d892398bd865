/** @file Greedy decoding with a cache, in batches, against whole passes over each row alone. */
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { scratchFolder } from '../../test/helpers/scratch';
import {
  tinyConfig,
  tinyDeepseek,
  tinyGptOss,
  tinyWeights,
  writeTinyCheckpoint,
} from '../../test/helpers/tiny-checkpoint';
import { CancelledError } from '../common/errors';
import { generateGreedily } from './generate';
import { Model } from './model';
import { packRows } from './packed-batch';
import type { PassOptions, Routers } from './pass-options';
import { traceBatch } from './trace';

const prompts = [
  [0, 2, 40, 50, 60],
  [0, 2, 70],
  [0, 2, 200, 100, 90, 80, 30],
];
const maxNewTokens = 6;
const mask = new Map([[1, [0, 2]]]);

function openTiny(name: string, config: typeof tinyConfig, memoryBudget = 1e12): Model {
  const folder = path.join(scratchFolder(), name);
  return Model.open(writeTinyCheckpoint(folder, tinyWeights(1, config), config), {
    threads: 1,
    memoryBudget,
  });
}

/** The most probable token after all others, from the logits of a trace of this row alone. */
async function next(model: Model, row: readonly number[], options: PassOptions): Promise<number> {
  const { logits } = await traceBatch(model, packRows([row]), { ...options, logits: true });
  const vocabulary = model.architecture.vocabularySize;
  const last = Array.from((logits?.data as Float32Array).subarray((row.length - 1) * vocabulary));
  return last.indexOf(Math.max(...last));
}

/** The continuation of each prompt alone, without a cache. */
async function continuations(model: Model, options: PassOptions = {}): Promise<number[][]> {
  const found: number[][] = [];
  for (const prompt of prompts) {
    const row = [...prompt];
    for (let n = 0; n < maxNewTokens; n++) row.push(await next(model, row, options));
    found.push(row.slice(prompt.length));
  }
  return found;
}

describe.each([
  ['olmoe', tinyConfig, 1e12],
  ['olmoe, mapped, with room for one row at a time', tinyConfig, 1],
  ['gpt-oss: a window, sinks', tinyGptOss, 1e12],
  ['deepseek: latent attention', tinyDeepseek, 1e12],
])('generateGreedily: %s', (name, config, memoryBudget) => {
  const model = openTiny(name, config, memoryBudget);
  let expected: number[][];
  beforeAll(async () => {
    expected = await continuations(model);
  });
  afterAll(() => model.release());

  it('continues each row as if it were alone', async () => {
    expect(await generateGreedily(model, prompts, { maxNewTokens })).toEqual(expected);
  });

  it('ends a row before the end-of-sequence token, and lets the others go on', async () => {
    const eosTokenId = expected[1][2];
    const ended = expected.map(ids =>
      ids.includes(eosTokenId) ? ids.slice(0, ids.indexOf(eosTokenId)) : ids,
    );
    expect(ended[1].length).toBeLessThan(maxNewTokens);
    expect(Math.max(...ended.map(ids => ids.length))).toBe(maxNewTokens);
    expect(await generateGreedily(model, prompts, { maxNewTokens, eosTokenId })).toEqual(ended);
  });

  it('takes other routers', async () => {
    const negatedRouters = [...model.baseRouters].map(([layer, feeds]) => {
      const negated = Object.entries(feeds).map(([feed, { data, shape }]) => [
        feed,
        { data: (data as Float32Array).map(value => -value), shape },
      ]);
      return [layer, Object.fromEntries(negated)] as const;
    });
    const routers: Routers = new Map(negatedRouters);
    const rerouted = await continuations(model, { routers });
    expect(rerouted).not.toEqual(expected);
    expect(await generateGreedily(model, prompts, { maxNewTokens, routers })).toEqual(rerouted);
  });

  it('switches experts off', async () => {
    const masked = await continuations(model, { mask });
    expect(masked).not.toEqual(expected);
    expect(await generateGreedily(model, prompts, { maxNewTokens, mask })).toEqual(masked);
  });
});

describe('generateGreedily', () => {
  const model = openTiny('eight positions', { ...tinyConfig, max_position_embeddings: 8 });
  afterAll(() => model.release());

  it('gives nothing where nothing is asked for', async () => {
    expect(await generateGreedily(model, prompts, { maxNewTokens: 0 })).toEqual([[], [], []]);
    expect(await generateGreedily(model, [], { maxNewTokens })).toEqual([]);
  });

  it("ends rows at the model's last position", async () => {
    // Position 7 is the last one that predicts a token.
    const found = await generateGreedily(model, prompts, { maxNewTokens });
    expect(found.map(ids => ids.length)).toEqual([4, 6, 2]);
  });

  it('can be cancelled', async () => {
    const controller = new AbortController();
    controller.abort();
    await expect(
      generateGreedily(model, prompts, { maxNewTokens, signal: controller.signal }),
    ).rejects.toThrow(CancelledError);
  });
});
