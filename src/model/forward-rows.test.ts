/** @file Passes that compute less, against the whole forward pass. */
import path from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { scratchFolder } from '../../test/helpers/scratch';
import {
  tinyConfig,
  tinyDeepseek,
  tinyGptOss,
  tinyWeights,
  writeTinyCheckpoint,
} from '../../test/helpers/tiny-checkpoint';
import type { HostTensor } from '../engine/session';
import { KeyValueCache } from './key-value-cache';
import { Model } from './model';
import { packRows, rowStarts } from './packed-batch';
import { traceBatch } from './trace';

const rows = [
  [0, 2, 40, 50, 60],
  [0, 2, 70],
  [0, 2, 200, 100, 90, 80, 30],
];
const batch = packRows(rows);

describe.each([
  ['olmoe', tinyConfig, 1e12],
  ['olmoe, mapped', tinyConfig, 1],
  ['gpt-oss with a window', tinyGptOss, 1e12],
  ['deepseek', tinyDeepseek, 1e12],
])('%s', (name, config, memoryBudget) => {
  const folder = writeTinyCheckpoint(path.join(scratchFolder(), name), tinyWeights(1, config), config);
  const model = Model.open(folder, { threads: 1, memoryBudget });
  afterAll(() => model.release());

  it.each([
    ['several rows of a sample, none of another', [1, 4, 9, 12, 14]],
    ['the last row of each', [4, 7, 14]],
    ['one row', [3]],
  ])('forwardRows: %s', async (_, rows) => {
    const { hiddenSize } = model.architecture;
    const all = (await model.forward(batch)).data as Float32Array;
    const { data, shape } = await model.forwardRows(batch, rows);
    expect(shape).toEqual([rows.length, hiddenSize]);
    rows.forEach((row, i) => {
      for (let j = 0; j < hiddenSize; j++) {
        expect(Number(data[i * hiddenSize + j])).toBeCloseTo(all[row * hiddenSize + j], 5);
      }
    });
  });

  it('continue: what whole rows give, for prompts of different length and two tokens more of some', async () => {
    const starts = [3, 2, 6];
    const cache = new KeyValueCache(model.architecture, 3, 8);
    const expectLast = async (hidden: HostTensor, of: readonly (readonly number[])[]): Promise<void> => {
      const whole = packRows(of);
      const last = rowStarts(whole).map((start, i) => start + whole.lengths[i] - 1);
      const expected = await model.forwardRows(whole, last);
      expect(hidden.shape).toEqual(expected.shape);
      expected.data.forEach((value, i) => expect(Number(hidden.data[i])).toBeCloseTo(Number(value), 5));
    };
    const prompts = rows.map((row, i) => row.slice(0, starts[i]));
    await expectLast(await model.continue(packRows(prompts), cache), prompts);
    const more = rows.map((row, i) => row.slice(0, starts[i] + 1));
    await expectLast(await model.continue(packRows(more.map(row => row.slice(-1))), cache), more);
    cache.keep([0, 2]);
    const longer = [more[0], more[2]].map((row, i) => [...row, 44 + i]);
    await expectLast(await model.continue(packRows(longer.map(row => row.slice(-1))), cache), longer);
  });

  it('routing: that of a trace', async () => {
    const { moe } = await traceBatch(model, batch);
    const routing = await model.routing(batch);
    expect([...routing.keys()]).toEqual([...moe.keys()]);
    for (const [layer, { indices }] of routing) {
      expect(Array.from(indices.data, Number)).toEqual(Array.from(moe.get(layer)?.topkIndices ?? []));
    }
  });
});
