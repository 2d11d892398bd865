/** @file What the main job starts from: its phases, its samples, what it will take. */
import { Random } from '../common/random';
import type { Workload } from '../model/memory-estimate';
import type { IdentifyRequest } from '../protocol/jobs';
import { routerParameters } from '../train/router-tuning';
import { activationStatistics, maximumStatisticsSamples } from './activation-statistics';
import type { LoadedSample } from './dataset';
import type { Phase } from './job-progress';
import {
  answerSeconds,
  answerWork,
  evaluationWork,
  secondsFor,
  trainingSeconds,
  trainingWork,
} from './tuning-estimate';
import type { TuningInputs } from './tuning-run';

export const phases = {
  baseAnswers: 'Answers before tuning',
  baseRouting: 'Routing before tuning',
  tuning: 'Router tuning',
  tunedRouting: 'Routing after tuning',
  tunedAnswers: 'Answers after tuning',
} as const;

/** The training samples that the statistics are taken over. */
export function statisticsSamples(samples: readonly LoadedSample[], seed: number): readonly LoadedSample[] {
  if (samples.length <= maximumStatisticsSamples) return samples;
  return new Random(seed).shuffled(samples).slice(0, maximumStatisticsSamples);
}

/** The largest pieces of the job. */
export function identifyWork(
  { data, request }: TuningInputs<IdentifyRequest>,
  sampled: readonly LoadedSample[],
): Workload[] {
  const test = data.test?.samples ?? [];
  return [
    ...trainingWork(data, request.training),
    // The sessions of training stay.
    { ...evaluationWork([...sampled, ...test]), trains: true },
    ...(test.length > 0 ? [answerWork(test)] : []),
  ];
}

/** The phases, with their seconds as work. */
export async function estimatedPhases(
  inputs: TuningInputs<IdentifyRequest>,
  sampled: readonly LoadedSample[],
): Promise<Phase[]> {
  const { model, data, request, hooks } = inputs;
  const { signal } = hooks;
  const answers = await answerSeconds(inputs, model, data.test?.samples ?? []);
  const routing = await secondsFor(sampled, samples => activationStatistics(model, samples, { signal }));
  const tuning = await trainingSeconds(inputs, () => routerParameters(model, request.training));
  // All sessions are made by now, and stay.
  return [
    { name: phases.baseAnswers, work: answers.work },
    { name: phases.baseRouting, work: routing.work },
    { name: phases.tuning, work: tuning.work },
    { name: phases.tunedRouting, work: routing.work },
    { name: phases.tunedAnswers, work: answers.work },
  ];
}
