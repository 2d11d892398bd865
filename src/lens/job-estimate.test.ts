/** @file Estimates of jobs: the largest batches, and budgets that are too small. */
import path from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { scratchFolder } from '../../test/helpers/scratch';
import { writeTinyCheckpoint } from '../../test/helpers/tiny-checkpoint';
import { InputError } from '../common/errors';
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
  const open = (memoryBudget: number): Model => Model.open(folder, { threads: 1, memoryBudget });
  const batch = largestBatch([sample(100)], 1);
  const work = [{ batch, scored: 1, trains: true }];
  const models = [open(1e6), open(64e9)];
  afterAll(() => Promise.all(models.map(model => model.release())));

  it('refuses a budget that is too small with one that would do', () => {
    const [small] = models;
    let figure = 0;
    try {
      checkMemory(small, work);
    } catch (error) {
      expect(error).toBeInstanceOf(InputError);
      figure = Number(/at least ([\d.]+) GB/.exec(String(error))?.[1]);
    }
    const enough = open(figure * 1e9);
    models.push(enough);
    expect(checkMemory(enough, work)).toBeLessThanOrEqual(figure * 1e9);
  });

  it('gives what the work takes', () => {
    expect(checkMemory(models[1], work)).toBeGreaterThan(50e6);
  });
});

it('says seconds, minutes and hours', () => {
  const line = (seconds: number): string => describeEstimate({ seconds, memory: 1.234e9 }, 4e9);
  expect(line(42.4)).toBe('Estimated: 42 s, 1.23 GB of memory (budget 4 GB).');
  expect(line(600)).toContain(' 10 min,');
  expect(line(9000)).toContain(' 2.5 h,');
});
