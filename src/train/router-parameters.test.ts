/** @file What trains in router tuning: merged low-rank additions and their gradients, by formula. */
import path from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { scratchFolder } from '../../test/helpers/scratch';
import { tinyConfig, tinyGptOss, tinyWeights, writeTinyCheckpoint } from '../../test/helpers/tiny-checkpoint';
import { Random } from '../common/random';
import { routerFeeds } from '../model/layers/router';
import { Model, type Routers } from '../model/model';
import { packRows } from '../model/packed-batch';
import { routerGradients } from '../model/router-gradients';
import { dropoutFactors, fullRouters, loraRouters, type RouterParameters } from './router-parameters';

const model = Model.open(writeTinyCheckpoint(path.join(scratchFolder(), 'tiny')), {
  threads: 1,
  memoryBudget: 1e12,
});
afterAll(() => model.release());

const { num_experts: experts, hidden_size: hidden } = tinyConfig;
const [rank, alpha] = [3, 6];
const scale = alpha / rank;

/** Low-rank additions whose B is not 0. */
function trainedLora(): RouterParameters {
  const lora = loraRouters(model, { rank, alpha, dropout: 0, seed: 1 });
  const random = new Random(2);
  for (const [name, values] of lora.arrays)
    if (name.endsWith('lora_B')) values.forEach((_, i) => (values[i] = 0.2 * random.normal()));
  return lora;
}

function values(routers: Routers, layer: number, feed: string): Float32Array {
  const data = routers.get(layer)?.[feed].data;
  if (!(data instanceof Float32Array)) throw new Error(`layer ${layer} has no ${feed}`);
  return data;
}

/** [rows, inner] · [inner, columns] in float64, row-major. */
function product(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  rows: number,
  inner: number,
  columns: number,
): number[] {
  return Array.from({ length: rows * columns }, (_, at) => {
    let sum = 0;
    for (let i = 0; i < inner; i++)
      sum += a[Math.floor(at / columns) * inner + i] * b[i * columns + (at % columns)];
    return sum;
  });
}

function transposed(a: ArrayLike<number>, rows: number, columns: number): number[] {
  return Array.from({ length: rows * columns }, (_, at) => a[(at % rows) * columns + Math.floor(at / rows)]);
}

function expectClose(actual: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  expect(largest).toBeGreaterThan(0);
  expected.forEach((value, i) =>
    expect(Math.abs(actual[i] - value)).toBeLessThanOrEqual(tolerance * largest),
  );
}

describe('fullRouters', () => {
  it('trains copies: the model keeps its own', () => {
    const full = fullRouters(model);
    const before = Float32Array.from(values(model.baseRouters, 0, routerFeeds.weight));
    for (const array of full.arrays.values()) array.fill(7);
    expect(values(model.baseRouters, 0, routerFeeds.weight)).toEqual(before);
    expect(new Set(values(full.merged(), 0, routerFeeds.weight))).toEqual(new Set([7]));
    expect([...full.arrays.keys()]).toEqual(['layers.0.router.weight', 'layers.1.router.weight']);
  });
});

describe('loraRouters', () => {
  it('adds nothing at first', () => {
    const lora = loraRouters(model, { rank, alpha, dropout: 0, seed: 1 });
    for (const layer of model.moeLayers)
      expect(values(lora.merged(), layer, routerFeeds.weight)).toEqual(
        values(model.baseRouters, layer, routerFeeds.weight),
      );
  });

  it('draws A from the seed, within ±1/√hidden', () => {
    const draw = (seed: number): Float32Array =>
      values(loraRouters(model, { rank, alpha, dropout: 0, seed }).routers, 0, routerFeeds.loraA);
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(Math.max(...draw(1).map(Math.abs))).toBeLessThanOrEqual(1 / Math.sqrt(hidden));
  });

  it('merges W + alpha / r · B · A', () => {
    const lora = trainedLora();
    for (const layer of model.moeLayers) {
      const weight = values(model.baseRouters, layer, routerFeeds.weight);
      const b = values(lora.routers, layer, routerFeeds.loraB);
      const a = values(lora.routers, layer, routerFeeds.loraA);
      const added = product(b, a, experts, rank, hidden);
      expectClose(
        values(lora.merged(), layer, routerFeeds.weight),
        added.map((value, i) => weight[i] + scale * value),
        1e-6,
      );
    }
  });

  it('has the loss of the merged routers, and gradients s·dW·Aᵀ and s·Bᵀ·dW of theirs', async () => {
    const lora = trainedLora();
    const batch = packRows([
      [0, 2, 60, 70, 80, 90, 0],
      [0, 2, 100, 110, 0],
    ]);
    const targets = { rows: [3, 4, 5, 9, 10], targets: [80, 90, 0, 110, 0] };
    const { routers, adapter } = lora;
    const lowRank = await routerGradients(model, batch, targets, { routers, adapter });
    const whole = await routerGradients(model, batch, targets, { routers: lora.merged() });
    expect(Math.abs(lowRank.loss - whole.loss)).toBeLessThan(1e-5);
    for (const layer of model.moeLayers) {
      const gradient = values(whole.gradients, layer, routerFeeds.weight);
      const a = values(routers, layer, routerFeeds.loraA);
      const b = values(routers, layer, routerFeeds.loraB);
      const ofB = product(gradient, transposed(a, rank, hidden), experts, hidden, rank);
      const ofA = product(transposed(b, experts, rank), gradient, rank, experts, hidden);
      expectClose(
        values(lowRank.gradients, layer, routerFeeds.loraB),
        ofB.map(x => scale * x),
        1e-4,
      );
      expectClose(
        values(lowRank.gradients, layer, routerFeeds.loraA),
        ofA.map(x => scale * x),
        1e-4,
      );
    }
  });
});

describe('routers with biases', () => {
  const biased = Model.open(
    writeTinyCheckpoint(path.join(scratchFolder(), 'biased'), tinyWeights(0, tinyGptOss), tinyGptOss),
    { threads: 1, memoryBudget: 1e12 },
  );
  afterAll(() => biased.release());

  it('train with them, or leave them as they are', () => {
    const all = fullRouters(biased);
    expect([...all.arrays.keys()]).toEqual([
      'layers.0.router.weight',
      'layers.0.router.bias',
      'layers.1.router.weight',
      'layers.1.router.bias',
    ]);
    const weights = fullRouters(biased, { bias: false });
    expect([...weights.arrays.keys()]).toEqual(['layers.0.router.weight', 'layers.1.router.weight']);
    expect(weights.merged()).toEqual(biased.baseRouters);
  });

  it('keep them under low-rank additions', () => {
    const lora = loraRouters(biased, { rank, alpha, dropout: 0, seed: 1 });
    expect([...lora.arrays.keys()].filter(name => name.includes('bias'))).toEqual([]);
    expect(lora.merged()).toEqual(biased.baseRouters);
  });

  it('have low-rank gradients while the biases stay', async () => {
    const { routers, adapter } = loraRouters(biased, { rank, alpha, dropout: 0, seed: 1 });
    const targets = { rows: [1, 2, 3], targets: [60, 70, 0] };
    const plain = await routerGradients(biased, packRows([[0, 2, 60, 70]]), targets);
    const found = await routerGradients(biased, packRows([[0, 2, 60, 70]]), targets, { routers, adapter });
    expect(Math.abs(found.loss - plain.loss)).toBeLessThan(1e-6);
    expect(Object.keys(found.gradients.get(0) ?? {})).toEqual([routerFeeds.loraA, routerFeeds.loraB]);
    expect(Object.keys(plain.gradients.get(0) ?? {})).toEqual([routerFeeds.weight, routerFeeds.bias]);
  });
});

describe('dropoutFactors', () => {
  it('drops the share asked for and keeps the mean at 1', () => {
    const { data, shape } = dropoutFactors(new Random(3), 500, 40, 0.1);
    const factors = Array.from(data as Float32Array);
    expect(shape).toEqual([500, 40]);
    expect(new Set(factors)).toEqual(new Set([0, Math.fround(1 / 0.9)]));
    // 20,000 draws: the standard deviation of the share is 0.002.
    expect(factors.filter(factor => factor === 0).length / factors.length).toBeCloseTo(0.1, 2);
  });
});
