/** @file Estimates of jobs: the largest batches, and budgets that are too small. */
import path from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { scratchFolder } from '../../test/helpers/scratch';
import { writeTinyCheckpoint } from '../../test/helpers/tiny-checkpoint';
import { InputError } from '../common/errors';
import type { Workload } from '../model/memory-estimate';
import { Model } from '../model/model';
import { checkMemory, describeEstimate, largestBatch, largestEvaluationBatch } from './job-estimate';

const sample = (tokens: number) => ({
  inputIds: new Array<number>(tokens).fill(0),
  spans: { answer: [tokens - 1, tokens] as [number, number] },
});

describe('the largest batch', () => {
  it('of training: the longest samples', () => {
    expect(largestBatch([sample(3), sample(9), sample(5)], 2)).toEqual({
      tokens: 14,
      samples: 2,
      length: 9,
      rows: 14,
      queries: 9,
    });
  });

  it('of an evaluation: full of the longest samples, or one that is longer', () => {
    expect(largestEvaluationBatch([sample(10), sample(512)])).toMatchObject({
      tokens: 2048,
      samples: 4,
      length: 512,
    });
    expect(largestEvaluationBatch([sample(3000)])).toMatchObject({ tokens: 3000, samples: 1, length: 3000 });
  });
});

describe('checkMemory', () => {
  const folder = writeTinyCheckpoint(path.join(scratchFolder(), 'tiny'));
  const models: Model[] = [];
  const open = (memoryBudget: number, reservedBytes = 0): Model => {
    const model = Model.open(folder, { threads: 1, memoryBudget, reservedBytes });
    models.push(model);
    return model;
  };
  afterAll(() => Promise.all(models.map(model => model.release())));
  const work = (tokens: number, tunedBytes: number): Workload[] => [
    { batch: largestBatch([sample(tokens)], 1), scored: 1, trains: true, tunedBytes },
  ];

  it.each([
    // With 10 kB weights are left in their file, with what is needed they are not, which takes more.
    ['weights in their file', 1e4, 3000, 0],
    ['weights in memory', 1e6, 3000, 0],
    ['weights that train', 1e6, 100, 5e8],
  ])('refuses a budget that is too small with one that would do: %s', (_, budget, tokens, tunedBytes) => {
    let figure = 0;
    try {
      checkMemory(open(budget, tunedBytes), work(tokens, tunedBytes));
    } catch (error) {
      expect(error).toBeInstanceOf(InputError);
      figure = Number(/at least ([\d.]+) GB/.exec(String(error))?.[1]);
    }
    expect(figure * 1e9).toBeGreaterThan(tunedBytes);
    const enough = checkMemory(open(figure * 1e9, tunedBytes), work(tokens, tunedBytes));
    expect(enough).toBeLessThanOrEqual(figure * 1e9);
  });

  it('gives what the work takes', () => {
    const [plain, tuned] = [0, 1e9].map(bytes => checkMemory(open(64e9), work(100, bytes)));
    expect(plain).toBeGreaterThan(50e6);
    expect(tuned - plain).toBe(1e9);
  });
});

it('says seconds, minutes and hours', () => {
  const line = (seconds: number): string => describeEstimate({ seconds, memory: 1.234e9 }, 4e9);
  expect(line(42.4)).toBe('Estimated: 42 s, 1.23 GB of memory (budget 4 GB).');
  expect(line(600)).toContain(' 10 min,');
  expect(line(9000)).toContain(' 2.5 h,');
});
