/** @file Which run a trace of a checkpoint is made with. */
import path from 'node:path';

import { newestFinishedRun, type Run } from '../workspace/runs';

/** The runs of the workspace, newest first, and the one that the Experts view shows. */
export interface RunSource {
  runs(): Run[];
  readonly current: { run: Run } | undefined;
}

/** The run that the Experts view shows, if it is of this model; else the newest one that is. */
export function runOfModel(runs: RunSource, model: string): Run | undefined {
  const isOfModel = (run: Run): boolean => path.resolve(run.record.model.path) === path.resolve(model);
  const shown = runs.current?.run;
  return shown && isOfModel(shown) ? shown : newestFinishedRun(runs.runs().filter(isOfModel));
}
