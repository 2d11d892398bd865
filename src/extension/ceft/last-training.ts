/** @file The last fine-tuning of the workspace, as the CEFT view shows it after a reload of the window. */
import type { CeftTraining } from '../../protocol/ceft-messages';
import type { RunHistory } from '../runs/run-history';
import { LinesTail, metricsFile } from '../runs/run-lines';
import { runTitle } from '../runs/run-rows';
import { hasTrainingState } from '../workspace/runs';
import { LiveMetrics } from './live-metrics';

/** @returns nothing if there was none, or another process is at it */
export async function lastTraining(
  history: Pick<RunHistory, 'runs' | 'stateOf'>,
): Promise<CeftTraining | undefined> {
  const run = history.runs().find(({ record }) => record.job === 'finetune');
  const state = run && history.stateOf(run);
  if (!run || state === 'running') return undefined;
  const { folder, record } = run;
  const metrics = new LiveMetrics();
  metrics.add(await new LinesTail(folder, metricsFile).read());
  return {
    phase: state === 'done' ? 'done' : 'stopped',
    ...{ title: runTitle(record), run: folder, results: record.results },
    resumable: state !== 'done' && hasTrainingState(folder),
    ...(state === 'failed' && record.error !== undefined ? { error: record.error } : {}),
    ...metrics.curves(),
  };
}
