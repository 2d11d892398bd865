/** @file Follows a run while its job works on it: its record, what it found, its metrics and ratios. */
import { watch } from 'node:fs';

import { messageOf } from '../../common/errors';
import { runLockFile } from '../../common/run-lock';
import { type MetricLine, type RatioLine, runFiles } from '../../protocol/artifacts';
import { followLines, metricsFile, type NewLines, ratiosFile } from '../runs/run-lines';

export interface RunEvents {
  /** The record or what the run found is there, or has changed. */
  changed: () => void;
  metrics: (found: NewLines<MetricLine>) => void;
  /** Of evaluations on the dev set. */
  ratios: (found: NewLines<RatioLine>) => void;
  /** One line. */
  failed: (line: string) => void;
}

const watched: readonly (string | null)[] = [runFiles.run, runFiles.contextDependence, runLockFile, null];
/** A process that was killed leaves no trace in the folder: its lock is looked at again and again. */
const lookAgain = 2000;

/**
 * Tells what is there, then whatever changes.
 * @param folder of the run; must exist
 * @returns ends it
 */
export function followRun(
  folder: string,
  { changed, metrics, ratios, failed }: RunEvents,
): { dispose(): void } {
  const watcher = watch(folder, (_, name) => {
    if (watched.includes(name)) changed();
  });
  watcher.on('error', error => failed(messageOf(error)));
  const timer = setInterval(changed, lookAgain);
  const followers = [
    followLines(folder, metricsFile, metrics, failed),
    followLines(folder, ratiosFile, ratios, failed),
  ];
  changed();
  return {
    dispose: () => {
      watcher.close();
      clearInterval(timer);
      for (const follower of followers) follower.dispose();
    },
  };
}
