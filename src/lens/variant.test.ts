/** @file What runs and files are called, and runs of other models. */
import path from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { writeRouterRun } from '../../test/helpers/run';
import { scratchFolder } from '../../test/helpers/scratch';
import { tinyConfig, tinyQwen3, tinyWeights, writeTinyCheckpoint } from '../../test/helpers/tiny-checkpoint';
import { InputError } from '../common/errors';
import { Model } from '../model/model';
import { baseVariant, openRunOf, shortNames, tunedVariant, variantNames } from './variant';

const scratch = scratchFolder();
const open = (name: string, config: { model_type: string }): Model =>
  Model.open(writeTinyCheckpoint(path.join(scratch, name), tinyWeights(0, config), config), {
    threads: 1,
    memoryBudget: 1e12,
  });
const model = open('tiny', tinyConfig);
const other = open('other', tinyQwen3);
afterAll(() => Promise.all([model.release(), other.release()]));

const writeRun = (name: string, of: Model): string => writeRouterRun(path.join(scratch, name), of, 2).path;

describe('variants', () => {
  it('are the model as it is, or with the routers of a run', () => {
    expect(baseVariant(model)).toEqual({ name: 'base', model, pass: {} });
    const tuned = tunedVariant(writeRun('run', model), model);
    expect(tuned.name).toBe('router-tuned');
    for (const [layer, routers] of tuned.model.baseRouters)
      for (const [feed, { data }] of Object.entries(routers)) {
        const base = model.baseRouters.get(layer)?.[feed].data as Float32Array;
        expect(data).toEqual(base.map(value => 2 * value));
      }
  });

  it('refuse a run of another model', () => {
    const run = writeRun('foreign', other);
    expect(() => openRunOf(run, model)).toThrow(InputError);
    expect(() => openRunOf(run, model)).toThrow(/foreign.*another model \(other\)/);
  });

  it('are told apart by their folders where the names are the same', () => {
    const runs = ['a', 'b'].map(name => writeRun(name, model));
    expect(variantNames(runs, model)).toEqual(['router-tuned (a)', 'router-tuned (b)']);
    expect(variantNames(runs.slice(1), model)).toEqual(['router-tuned']);
  });
});

describe('shortNames', () => {
  it('has as much of the paths as tells them apart', () => {
    expect(shortNames(['/x/swap_test.json', '/x/true_test.jsonl'])).toEqual(['swap_test', 'true_test']);
    expect(shortNames(['/x/nq/dev.json', '/x/squad/dev.json', '/x/squad/test.json'])).toEqual([
      'nq/dev',
      'squad/dev',
      'test',
    ]);
    expect(shortNames(['/x/dev.json'])).toEqual(['dev']);
  });
});
