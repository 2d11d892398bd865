/** @file Runs everything, tunings first, and puts the numbers together. */
import { RunFolder } from '../src/lens/run-folder';
import { evaluateAll, measureMethods, scoresOf } from './evaluations';
import { measureInside } from './inside';
import type { Jobs } from './jobs';
import { measureMasking } from './masking';
import type { Measurements } from './measurements';
import { mappedDatasets, type Settings, tasks } from './settings';
import { measureTransfer } from './transfer';
import { tuneAll } from './tunings';

export async function measure(jobs: Jobs, settings: Settings): Promise<Measurements> {
  const { seeds, training, randomMasks, questions } = settings;
  const tunings = await tuneAll(jobs, settings);
  const { trials, chosenRates, runs, routers } = tunings;
  const base = await evaluateAll(jobs, settings, 'base');
  const bySeed = async <T>(work: (seed: number, place: number) => Promise<T>): Promise<T[]> => {
    const found: T[] = [];
    for (const [place, seed] of seeds.entries()) found.push(await work(seed, place));
    return found;
  };
  const methods = await bySeed((_, place) => measureMethods(jobs, settings, tunings, place));
  const masking = await bySeed((seed, place) => measureMasking(jobs, settings, runs.rt[place], seed));
  const inside = await bySeed((seed, place) => measureInside(jobs, settings, runs.rt[place], seed));
  const transfer = await bySeed((seed, place) =>
    measureTransfer(
      jobs,
      settings,
      tasks.map(task => routers[task][place]),
      seed,
    ),
  );
  const map = await jobs.analyze('map', 'patterns', {
    data: mappedDatasets.map(dataset => jobs.data(dataset, 'test')),
    run: runs.rt[0],
    limit: questions.map,
  });
  return {
    model: base.swap.model,
    ...{ seeds, training, randomMasks, trials, chosenRates },
    samples: {
      ...{ swap: base.swap.samples, true: base.true.samples, closed: base.closed.samples },
      ...{ transfer: transfer[0].samples, inside: inside[0].samples, map: map.result.samples.length },
    },
    base: scoresOf(base),
    ...{ methods, masking, inside, transfer },
    experts: runs.rt.map(run => RunFolder.open(run).contextDependence()),
    map: map.figure,
  };
}
