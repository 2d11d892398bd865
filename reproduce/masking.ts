/** @file Answers of the router-tuned model with experts switched off, for lists of several lengths. */
import { topExperts } from '../src/lens/context-dependence';
import { randomExperts } from '../src/lens/expert-list';
import { RunFolder } from '../src/lens/run-folder';
import type { Architecture } from '../src/model/architecture';
import { Checkpoint } from '../src/model/checkpoint/checkpoint';
import type { AnswerScores, ContextDependence, ExpertList } from '../src/protocol/artifacts';
import type { Jobs } from './jobs';
import type { MaskingResult, Score } from './measurements';
import { maskLengths, type Settings, tasks } from './settings';
import { mean } from './statistics';

interface Mask {
  readonly kind: 'ce' | 'oe' | 'random';
  readonly k: number;
  readonly experts: ExpertList;
}

/** @param run a router tuning */
export async function measureMasking(
  jobs: Jobs,
  { questions, randomMasks }: Settings,
  run: string,
  seed: number,
): Promise<MaskingResult> {
  const [task] = tasks;
  const found = RunFolder.open(run).contextDependence();
  const { architecture } = Checkpoint.open(jobs.places.model);
  const lengths = maskLengths(found);
  const seeds = Array.from({ length: randomMasks }, (_, i) => seed * randomMasks + i);
  const masks = lengths.flatMap(k => masksOf(found, architecture, k, seeds));
  // The analysis draws no random lists itself: they would be the same with every seed, as the questions are.
  const settings = { data: jobs.data(task, 'test'), run, random: 0, limit: questions.tests[task] };
  const { result } = await jobs.analyze(
    `masking-seed-${seed}`,
    'masking',
    settings,
    masks.map(({ experts }) => experts),
  );
  // It begins with base, tuned, and the run's own lists.
  const [base, tuned, , , ...masked] = result.conditions.map(({ scores }) => scores);
  const scoreOf = (kind: Mask['kind'], k: number): Score =>
    meanScore(masked.filter((_, i) => masks[i].kind === kind && masks[i].k === k));
  return {
    base: meanScore([base]),
    tuned: meanScore([tuned]),
    masked: lengths.map(k => ({
      k,
      ce: scoreOf('ce', k),
      oe: scoreOf('oe', k),
      random: scoreOf('random', k),
    })),
  };
}

function masksOf(
  { ratio }: ContextDependence,
  architecture: Architecture,
  k: number,
  seeds: readonly number[],
): Mask[] {
  return [
    { kind: 'ce', k, experts: topExperts(ratio.tuned, k) },
    { kind: 'oe', k, experts: topExperts(ratio.base, k) },
    ...seeds.map((seed): Mask => ({ kind: 'random', k, experts: randomExperts(architecture, k, seed) })),
  ];
}

function meanScore(scores: readonly AnswerScores[]): Score {
  return { em: mean(scores.map(({ em }) => em)), f1: mean(scores.map(({ f1 }) => f1)) };
}
