/** @file Passes that compute less, against the whole forward pass. */
import path from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { scratchFolder } from '../../test/helpers/scratch';
import { tinyConfig, tinyGptOss, tinyWeights, writeTinyCheckpoint } from '../../test/helpers/tiny-checkpoint';
import { Model } from './model';
import { packRows } from './packed-batch';
import { traceBatch } from './trace';

const batch = packRows([
  [0, 2, 40, 50, 60],
  [0, 2, 70],
  [0, 2, 200, 100, 90, 80, 30],
]);

describe.each([
  ['olmoe', tinyConfig, 1e12],
  ['olmoe, mapped', tinyConfig, 1],
  ['gpt-oss with a window', tinyGptOss, 1e12],
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

  it('routing: that of a trace', async () => {
    const { moe } = await traceBatch(model, batch);
    const routing = await model.routing(batch);
    expect([...routing.keys()]).toEqual([...moe.keys()]);
    for (const [layer, { indices }] of routing) {
      expect(Array.from(indices.data, Number)).toEqual(Array.from(moe.get(layer)?.topkIndices ?? []));
    }
  });
});
