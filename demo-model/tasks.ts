/** @file The data files: questions of each form, each split on subjects of its own. */
import path from 'node:path';

import { writeJsonAtomically } from '../src/common/atomic-file';
import { Random } from '../src/common/random';
import { askClosed, askKnown, askNovel, askTwoHop, type Question, type QuestionOptions } from './questions';
import { type Split, splits, type World } from './world';

interface Task {
  /** Samples of each split; `closed` asks for every fact once instead. */
  counts: Record<Split, number>;
  ask: (options: QuestionOptions) => Question;
}

const tasks: Record<string, Task> = {
  swap: { counts: { train: 1600, dev: 300, test: 600 }, ask: options => askKnown(options, true) },
  true: { counts: { train: 300, dev: 300, test: 600 }, ask: options => askKnown(options, false) },
  multihop: {
    counts: { train: 1600, dev: 300, test: 400 },
    ask: options => askTwoHop(options, 'known', true),
  },
  reading: { counts: { train: 1600, dev: 300, test: 400 }, ask: askNovel },
};

/** Samples by name of their file, `swap_train` and so on. The same world and seed give the same samples. */
export function generateTasks(world: World, seed: number): Map<string, Question[]> {
  const random = new Random(seed);
  const samples = new Map<string, Question[]>();
  for (const split of splits) {
    for (const [name, { counts, ask }] of Object.entries(tasks)) {
      samples.set(
        `${name}_${split}`,
        distinct(counts[split], () => ask({ world, random, split })),
      );
    }
    const facts = world.facts.filter(({ subject }) => world.splitOf(subject) === split);
    samples.set(
      `closed_${split}`,
      facts.map(fact => askClosed(fact, random)),
    );
  }
  return samples;
}

/** Writes a JSON file for each task and split. @returns how many samples each has, by its name */
export function writeTasks(folder: string, world: World, seed: number): Map<string, number> {
  const tasks = generateTasks(world, seed);
  for (const [name, samples] of tasks) writeJsonAtomically(path.join(folder, `${name}.json`), samples);
  return new Map([...tasks].map(([name, { length }]) => [name, length]));
}

/** Samples with contexts and questions that differ. */
function distinct(count: number, ask: () => Question): Question[] {
  const samples = new Map<string, Question>();
  while (samples.size < count) {
    const sample = ask();
    samples.set(`${sample.context}\n${sample.question}`, sample);
  }
  return [...samples.values()];
}
