/** @file The data files: sizes, no repetition, no subject in two splits, and the product can read them. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { readSamples } from '../src/data/samples';
import { generateTasks, writeTasks } from './tasks';
import { splits, World } from './world';

const world = new World(1);
const tasks = generateTasks(world, 7);

describe('the tasks', () => {
  it('have their sizes', () => {
    const factsOf = (split: string): number =>
      world.facts.filter(({ subject }) => world.splitOf(subject) === split).length;
    const sizes = Object.fromEntries([...tasks].map(([name, samples]) => [name, samples.length]));
    expect(sizes).toEqual({
      swap_train: 1600,
      swap_dev: 300,
      swap_test: 600,
      true_train: 300,
      true_dev: 300,
      true_test: 600,
      multihop_train: 1600,
      multihop_dev: 300,
      multihop_test: 400,
      reading_train: 1600,
      reading_dev: 300,
      reading_test: 400,
      closed_train: factsOf('train'),
      closed_dev: factsOf('dev'),
      closed_test: factsOf('test'),
    });
  });

  it('follow from the seed', () => {
    expect(generateTasks(world, 7)).toEqual(tasks);
    expect(generateTasks(world, 8)).not.toEqual(tasks);
  });

  it.each([...tasks.keys()])('%s repeats nothing and keeps to its split', name => {
    const samples = tasks.get(name) ?? [];
    const texts = samples.map(({ context, question }) => `${context}\n${question}`);
    expect(new Set(texts).size).toBe(samples.length);
    const split = splits.find(candidate => name.endsWith(candidate));
    for (const { subject } of samples) expect(world.splitOf(subject)).toBe(split);
  });

  it('ask for each known fact once without a context', () => {
    const asked = splits.flatMap(split => tasks.get(`closed_${split}`) ?? []);
    const key = ({ subject, relation }: { subject: string; relation: string }) => `${relation} ${subject}`;
    expect(asked.map(key).sort()).toEqual(world.facts.map(key).sort());
  });

  it('are written as files that can be read', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'demo-tasks-'));
    try {
      writeTasks(folder, world, 7);
      expect(readdirSync(folder).sort()).toEqual([...tasks.keys()].map(name => `${name}.json`).sort());
      for (const [name, written] of tasks) {
        const { samples } = readSamples(path.join(folder, `${name}.json`), { allowEmptyContext: true });
        expect(samples).toEqual(
          written.map(({ context, question, answer, original_answer: originalAnswer }) => ({
            context,
            question,
            answers: [answer],
            ...(originalAnswer !== undefined && { originalAnswer }),
          })),
        );
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
