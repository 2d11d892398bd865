/** @file All tunings: learning rates chosen on the dev split with the first seed, then every method with every seed. */
import path from 'node:path';

import { RunFolder } from '../src/lens/run-folder';
import { runFiles } from '../src/protocol/artifacts';
import type { Jobs } from './jobs';
import type { RateTrial } from './measurements';
import { type Method, type RatedMethod, ratedMethodOf, type Settings, type Task, tasks } from './settings';

export interface Rates {
  readonly trials: Readonly<Record<RatedMethod, readonly RateTrial[]>>;
  readonly chosenRates: Readonly<Record<RatedMethod, number>>;
}

/** Run folders. */
export interface Tunings extends Rates {
  /** On the first task, by seed. */
  readonly runs: Readonly<Record<Method, readonly string[]>>;
  /** Router tuning on each task, by seed. */
  readonly routers: Readonly<Record<Task, readonly string[]>>;
}

interface Tuning {
  readonly method: Method;
  readonly task: Task;
  readonly seed: number;
  readonly rate: number;
  /** The router tuning that says which experts are context-faithful, and which original. */
  readonly routerTuning?: string;
}

/** @returns the run folder */
type Tune = (tuning: Tuning) => Promise<string>;

export async function tuneAll(jobs: Jobs, settings: Settings): Promise<Tunings> {
  const tune: Tune = tuning => runTuning(jobs, settings, tuning);
  const rates = await chooseRates(tune, settings);
  const rateOf = (method: Method): number => rates.chosenRates[ratedMethodOf(method)];
  const runs: Record<Method, string[]> = { rt: [], ceft: [], fft: [], esft: [], random: [] };
  const routers: Record<Task, string[]> = { swap: [], multihop: [], reading: [] };
  for (const seed of settings.seeds) {
    for (const task of tasks) {
      routers[task].push(await tune({ method: 'rt', task, seed, rate: rateOf('rt') }));
    }
    const [task] = tasks;
    const routerTuning = routers[task][routers[task].length - 1];
    runs.rt.push(routerTuning);
    for (const method of ['ceft', 'fft', 'esft', 'random'] as const) {
      runs[method].push(await tune({ method, task, seed, rate: rateOf(method), routerTuning }));
    }
  }
  return { ...rates, runs, routers };
}

/** Those with the lowest loss on the dev split, with the first seed; no test sample has a say. */
async function chooseRates(tune: Tune, { seeds: [seed], learningRates }: Settings): Promise<Rates> {
  const [task] = tasks;
  const tried = async (method: RatedMethod, routerTuning?: string): Promise<RateTrial[]> => {
    const trials: RateTrial[] = [];
    for (const rate of learningRates[method]) {
      const run = await tune({ method, task, seed, rate, ...(routerTuning && { routerTuning }) });
      trials.push({ rate, devLoss: devLossOf(run) });
    }
    return trials;
  };
  const rt = await tried('rt');
  const routerTuning = await tune({ method: 'rt', task, seed, rate: bestRate(rt) });
  const [ceft, fft] = [await tried('ceft', routerTuning), await tried('fft')];
  return {
    trials: { rt, ceft, fft },
    chosenRates: { rt: bestRate(rt), ceft: bestRate(ceft), fft: bestRate(fft) },
  };
}

/** The rate with the lowest loss; of equals the first. */
export function bestRate(trials: readonly RateTrial[]): number {
  return trials.reduce((best, trial) => (trial.devLoss < best.devLoss ? trial : best)).rate;
}

function devLossOf(run: string): number {
  const { dev_loss } = RunFolder.open(run).record().results;
  if (dev_loss === undefined) throw new Error(`${run}: has no loss on the dev split`);
  return dev_loss;
}

/** Router tuning by `identify`, which finds the lists of experts too; all else by `finetune`. */
function runTuning(jobs: Jobs, { training }: Settings, tuning: Tuning): Promise<string> {
  const { method, task, seed, rate, routerTuning } = tuning;
  const options = {
    train: jobs.data(task, 'train'),
    dev: jobs.data(task, 'dev'),
    ...training,
    lr: rate,
    seed,
  };
  const name = `${method}-${task}-seed-${seed}-lr-${rate}`;
  if (method === 'rt') return jobs.tune(name, 'identify', options);
  const listed = method === 'ceft' || method === 'esft';
  const lists = path.join(routerTuning ?? '', runFiles.contextDependence);
  return jobs.tune(name, 'finetune', { method, ...options, ...(listed ? { experts: lists } : {}) });
}
