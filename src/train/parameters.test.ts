/** @file What trains: copies, merged low-rank additions, and their gradients, by formula. */
import path from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { scratchFolder } from '../../test/helpers/scratch';
import { tinyGptOss, tinyWeights, writeTinyCheckpoint } from '../../test/helpers/tiny-checkpoint';
import { InputError } from '../common/errors';
import { Random } from '../common/random';
import { Model } from '../model/model';
import { packRows } from '../model/packed-batch';
import { weightGradients } from '../model/weight-gradients';
import { lowRankNames } from '../model/weight-names';
import { readWeights } from '../model/weight-values';
import { fullParameters, loraParameters, type TrainableParameters } from './parameters';

const settings = { threads: 1, memoryBudget: 1e12 };
const model = Model.open(writeTinyCheckpoint(path.join(scratchFolder(), 'tiny')), settings);
const gptOss = Model.open(
  writeTinyCheckpoint(path.join(scratchFolder(), 'gpt-oss'), tinyWeights(0, tinyGptOss), tinyGptOss),
  settings,
);
afterAll(async () => {
  await model.release();
  await gptOss.release();
});

const [rank, alpha] = [3, 6];
const scale = alpha / rank;
const lora = { rank, alpha, dropout: 0, seed: 1 };

/** Low-rank additions whose B is not 0. */
function trainedLora(of: Model, names: readonly string[]): TrainableParameters {
  const parameters = loraParameters(of.checkpoint, names, lora);
  const random = new Random(2);
  for (const [name, values] of parameters.arrays)
    if (name.endsWith('lora_B')) values.forEach((_, i) => (values[i] = 0.2 * random.normal()));
  return parameters;
}

function array(arrays: ReadonlyMap<string, Float32Array>, name: string): Float32Array {
  const values = arrays.get(name);
  if (!values) throw new Error(`no ${name}`);
  return values;
}

function stored(of: Model, name: string): { data: Float32Array; shape: readonly number[] } {
  const weight = readWeights(of.checkpoint, [name]).get(name);
  if (!weight) throw new Error(`no ${name}`);
  return { data: weight.data as Float32Array, shape: weight.shape };
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

const targets = { rows: [3, 4, 5, 9, 10], targets: [80, 90, 0, 110, 0] };
const batch = packRows([
  [0, 2, 60, 70, 80, 90, 0],
  [0, 2, 100, 110, 0],
]);

describe('fullParameters', () => {
  const name = 'layers.1.experts.2.down';

  it('are copies: the model keeps its own weights', async () => {
    const before = stored(model, name).data;
    const full = fullParameters(model.checkpoint, [name]);
    expect([...full.arrays.keys()]).toEqual([name]);
    expect(array(full.arrays, name)).toEqual(before);
    const plain = await model.forward(batch);
    array(full.arrays, name).fill(0.5);
    expect(new Set(full.merged().get(name)?.data as Float32Array)).toEqual(new Set([0.5]));
    expect(await model.forward(batch)).toEqual(plain);
    expect(await model.withWeights(full.tuned).forward(batch)).not.toEqual(plain);
  });

  it('must be weights of the model', () => {
    expect(() => fullParameters(model.checkpoint, ['layers.1.experts.9.down'])).toThrow(InputError);
  });
});

describe('loraParameters', () => {
  it('add nothing at first', () => {
    const names = ['layers.0.router.weight', 'layers.1.experts.0.gate'];
    const merged = loraParameters(model.checkpoint, names, lora).merged();
    for (const name of names) expect(merged.get(name)).toEqual(stored(model, name));
  });

  it('draw A from the seed, within ±1/√in', () => {
    const draw = (seed: number): Float32Array =>
      array(
        loraParameters(model.checkpoint, ['layers.0.experts.1.down'], { ...lora, seed }).arrays,
        'layers.0.experts.1.down.lora_A',
      );
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    const width = stored(model, 'layers.0.experts.1.down').shape[1];
    expect(Math.max(...draw(1).map(Math.abs))).toBeLessThanOrEqual(1 / Math.sqrt(width));
  });

  it.each([
    ['routers', model, ['layers.0.router.weight', 'layers.1.router.weight']],
    [
      'experts and attention',
      model,
      ['layers.0.experts.1.up', 'layers.0.experts.1.down', 'layers.1.q_proj.weight'],
    ],
    ['transposed and interleaved experts', gptOss, ['layers.0.experts.3.gate', 'layers.0.experts.3.down']],
  ])(
    '%s: W + alpha / r · B · A, its loss, and the gradients s·dW·Aᵀ of B and s·Bᵀ·dW of A',
    async (_, of, names) => {
      const parameters = trainedLora(of, names);
      const merged = parameters.merged();
      const lowRank = await weightGradients(of.withWeights(parameters.tuned), batch, targets);
      const whole = await weightGradients(of.withWeights({ tensors: merged }), batch, targets);
      expect(Math.abs(lowRank.loss - whole.loss)).toBeLessThan(1e-5);
      for (const name of names) {
        const weight = stored(of, name);
        const [outputs, inputs] = weight.shape;
        const [nameOfA, nameOfB] = lowRankNames(name);
        const [a, b] = [array(parameters.arrays, nameOfA), array(parameters.arrays, nameOfB)];
        const added = product(b, a, outputs, rank, inputs);
        expectClose(
          merged.get(name)?.data as Float32Array,
          added.map((value, i) => weight.data[i] + scale * value),
          1e-6,
        );
        const gradient = array(whole.gradients, name);
        const ofB = product(gradient, transposed(a, rank, inputs), outputs, inputs, rank);
        const ofA = product(transposed(b, outputs, rank), gradient, rank, outputs, inputs);
        expectClose(
          array(lowRank.gradients, nameOfB),
          ofB.map(x => scale * x),
          1e-4,
        );
        expectClose(
          array(lowRank.gradients, nameOfA),
          ofA.map(x => scale * x),
          1e-4,
        );
      }
    },
  );

  it('drop elements of the input while training, others with another seed, and none in evaluation', async () => {
    const names = ['layers.0.router.weight', 'layers.0.experts.1.up', 'layers.1.experts.2.down'];
    const parameters = trainedLora(model, names);
    const whole = model.withWeights({ tensors: parameters.merged() });
    const tuned = { ...parameters.tuned, adapter: { rank, scale, dropout: 0.5 } };
    const losses: number[] = [];
    for (const dropoutSeed of [7, 7, 8]) {
      const { loss } = await weightGradients(model.withWeights(tuned), batch, targets, { dropoutSeed });
      losses.push(loss);
    }
    expect(losses[1]).toBe(losses[0]);
    expect(losses[2]).not.toBe(losses[0]);
    const evaluated = await model.withWeights(parameters.evaluated()).forward(batch);
    expectClose(
      evaluated.data as Float32Array,
      Array.from((await whole.forward(batch)).data as Float32Array),
      1e-5,
    );
  });
});
