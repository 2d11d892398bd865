/** @file Follows a run while its job works on it: its record, what it found, its metrics. */
import { watch } from 'node:fs';

import { messageOf } from '../../common/errors';
import { runLockFile } from '../../common/run-lock';
import { runFiles } from '../../protocol/artifacts';
import { followMetrics, type NewMetrics } from '../runs/run-metrics';

export interface RunEvents {
  /** The record or what the run found is there, or has changed. */
  changed: () => void;
  metrics: (metrics: NewMetrics) => void;
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
export function followRun(folder: string, { changed, metrics, failed }: RunEvents): { dispose(): void } {
  const watcher = watch(folder, (_, name) => {
    if (watched.includes(name)) changed();
  });
  watcher.on('error', error => failed(messageOf(error)));
  const timer = setInterval(changed, lookAgain);
  const follower = followMetrics(folder, metrics, failed);
  changed();
  return {
    dispose: () => {
      watcher.close();
      clearInterval(timer);
      follower.dispose();
    },
  };
}
