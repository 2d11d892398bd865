/** @file Router tuning on each task, evaluated on all of them. */
import type { Jobs } from './jobs';
import type { TransferResult } from './measurements';
import { type Settings, tasks } from './settings';

/**
 * @param runs router tunings, by task
 * @returns the result and how many samples of each task it is of
 */
export async function measureTransfer(
  jobs: Jobs,
  { questions }: Settings,
  runs: string[],
  seed: number,
): Promise<TransferResult & { samples: number[] }> {
  const data = tasks.map(task => jobs.data(task, 'test'));
  const settings = { data, runs, limit: questions.transfer };
  const { result } = await jobs.analyze(`transfer-seed-${seed}`, 'transfer', settings);
  return {
    base: result.columns.map(({ base }) => base.em),
    gains: result.cells.map(row => row.map(({ em_gain }) => em_gain.value ?? NaN)),
    samples: result.columns.map(({ base }) => base.samples),
  };
}
