/** @file Memory modes by budget. */
import { availableParallelism, totalmem } from 'node:os';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { scratchFolder } from '../../test/helpers/scratch';
import { writeTinyCheckpoint } from '../../test/helpers/tiny-checkpoint';
import { Checkpoint } from './checkpoint/checkpoint';
import { planMemory } from './memory-plan';

const checkpoint = Checkpoint.open(writeTinyCheckpoint(path.join(scratchFolder(), 'tiny')));

describe('planMemory', () => {
  it('keeps weights in memory where four float32 copies of each parameter fit half of the budget', () => {
    const needed = 2 * 16 * checkpoint.parameters;
    const mode = (memoryBudget: number): string =>
      planMemory(checkpoint, { threads: 1, memoryBudget }).memoryMode;
    expect(mode(needed)).toBe('resident');
    expect(mode(needed - 1)).toBe('mapped');
  });

  it('leaves what is reserved to others', () => {
    const needed = 2 * 16 * checkpoint.parameters;
    const mode = (memoryBudget: number): string =>
      planMemory(checkpoint, { threads: 1, memoryBudget, reservedBytes: 1e6 }).memoryMode;
    expect(mode(needed + 1e6)).toBe('resident');
    expect(mode(needed + 1e6 - 1)).toBe('mapped');
  });

  it('takes half of the memory and all cores where 0 is asked for, one core for small models', () => {
    const plan = (parameters: number) => planMemory({ parameters }, { threads: 0, memoryBudget: 0 });
    expect(plan(2e7)).toMatchObject({ threads: availableParallelism(), memoryBudget: totalmem() / 2 });
    expect(plan(2e7 - 1)).toMatchObject({ threads: 1, memoryBudget: totalmem() / 2 });
    expect(planMemory(checkpoint, { threads: 3, memoryBudget: 1e9 })).toMatchObject({
      threads: 3,
      memoryBudget: 1e9,
    });
  });
});
