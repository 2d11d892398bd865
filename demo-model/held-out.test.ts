/** @file The score of answers, against greedy decoding by the evaluation of the product. */
import path from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { Model } from '../src/model/model';
import { fullParameters } from '../src/train/parameters';
import { allNames } from '../src/train/trainable-names';
import { scratchFolder } from '../test/helpers/scratch';
import { HeldOutQuestions } from './held-out';
import { writeInitialCheckpoint } from './initial-checkpoint';
import { World } from './world';

const folder = path.join(scratchFolder(), 'initial');
writeInitialCheckpoint(folder, 0);
const model = Model.open(folder, { threads: 1, memoryBudget: 0 });
afterAll(() => model.release());

describe('HeldOutQuestions', () => {
  it('scores every kind of question in percent, the same each time', async () => {
    const world = new World(1);
    const scores = await new HeldOutQuestions(world, 1).score(model);
    expect(Object.keys(scores)).toEqual(['reading', 'two_hop', 'swap', 'swap_from_memory', 'true', 'closed']);
    // Nothing is learned yet.
    for (const score of Object.values(scores)) expect(score).toBeLessThan(5);
    expect(await new HeldOutQuestions(world, 1).score(model)).toEqual(scores);
  });

  it('a model that says the end of text only answers nothing', async () => {
    const parameters = fullParameters(model.checkpoint, allNames(model.architecture));
    // The head's rows are all zero: every token is as probable, and the first, the end of text, is taken.
    parameters.arrays.get('lm_head.weight')?.fill(0);
    const scores = await new HeldOutQuestions(new World(1), 1).score(model.withWeights(parameters.tuned));
    expect(new Set(Object.values(scores))).toEqual(new Set([0]));
  });
});
