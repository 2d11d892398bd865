/** @file Answers of every method to the test sets, and what its tuning cost. */
import type { Evaluation } from '../src/protocol/evaluation';
import type { Jobs } from './jobs';
import type { MethodResult, Scores } from './measurements';
import { type Method, methods, type Settings, type TestSet } from './settings';
import type { Tunings } from './tunings';

/** @param run tuned weights; undefined: the untuned model */
export async function evaluateAll(
  jobs: Jobs,
  { questions: { tests } }: Settings,
  name: string,
  run?: string,
): Promise<Record<TestSet, Evaluation>> {
  const answers = (set: TestSet): Promise<Evaluation> =>
    jobs.evaluate(`${name}-answers-${set}`, jobs.data(set, 'test'), run, tests[set]);
  return { swap: await answers('swap'), true: await answers('true'), closed: await answers('closed') };
}

export function scoresOf(evaluations: Readonly<Record<TestSet, Evaluation>>): Scores {
  const score = (set: TestSet) => ({ em: evaluations[set].em, f1: evaluations[set].f1 });
  return { swap: score('swap'), true: score('true'), closed: score('closed') };
}

/** @param place of the seed among the seeds */
export async function measureMethods(
  jobs: Jobs,
  settings: Settings,
  { runs }: Tunings,
  place: number,
): Promise<Record<Method, MethodResult>> {
  const seed = settings.seeds[place];
  const ownRuns = methods.map(method => runs[method][place]);
  const { result } = await jobs.analyze(`cost-seed-${seed}`, 'cost', { runs: ownRuns });
  const measured: [Method, MethodResult][] = [];
  for (const [i, method] of methods.entries()) {
    const evaluations = await evaluateAll(jobs, settings, `${method}-seed-${seed}`, ownRuns[i]);
    const { trainable_parameters, training_seconds, peak_private, peak_resident } = result.runs[i];
    measured.push([
      method,
      {
        scores: scoresOf(evaluations),
        trainableParameters: trainable_parameters ?? NaN,
        trainingSeconds: training_seconds ?? NaN,
        // Systems that keep no account of private memory give 0.
        memory: peak_private || (peak_resident ?? NaN),
      },
    ]);
  }
  return Object.fromEntries(measured) as Record<Method, MethodResult>;
}
