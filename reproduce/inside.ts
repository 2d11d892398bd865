/** @file What router tuning changes inside of the model: attention, answer probability by layer, context reliance. */
import type { Estimate } from '../src/protocol/evaluation';
import type { Jobs } from './jobs';
import type { InsideResult } from './measurements';
import { type Settings, tasks } from './settings';

/**
 * @param run a router tuning
 * @returns the result and how many samples it is of
 */
export async function measureInside(
  jobs: Jobs,
  { questions }: Settings,
  run: string,
  seed: number,
): Promise<InsideResult & { samples: number }> {
  const [task] = tasks;
  const settings = { data: jobs.data(task, 'test'), run, limit: questions.inside };
  const attention = await jobs.analyze(`attention-seed-${seed}`, 'attention', settings);
  const lens = await jobs.analyze(`logit-lens-seed-${seed}`, 'logit-lens', settings);
  const reliance = await jobs.analyze(`reliance-seed-${seed}`, 'reliance', settings);
  const [base, tuned] = reliance.result.variants.map(({ mean }) => mean);
  return {
    contextGain: valuesOf(attention.result.context?.gain),
    answerGain: valuesOf(attention.result.answer?.gain),
    probabilityGain: valuesOf(lens.result.gain),
    reliance: { base: base.value ?? NaN, tuned: tuned.value ?? NaN },
    samples: base.samples,
  };
}

function valuesOf(estimates: readonly Estimate[] = []): number[] {
  return estimates.map(({ value }) => value ?? NaN);
}
