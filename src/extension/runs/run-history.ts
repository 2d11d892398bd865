/**
 * @file The runs and evaluations of the workspace: read once, and again after one of them changed. A watcher tells of
 * changes; whoever asks is not told what was, even where the watcher was late or missed something, as it does while the
 * window starts and on file systems of a network.
 */
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';

import { runFiles, runsFolder } from '../../protocol/artifacts';
import type { RunState } from '../../protocol/training-panel';
import { listRuns, type Run, runsStamp } from '../workspace/runs';
import { allFolders } from '../workspace/workspace';
import { evaluationFile, type EvaluationRun, listEvaluations } from './evaluations';
import { runState } from './run-rows';

const watched = [runFiles.run, runFiles.report, evaluationFile];
/** Files of a run are written in bunches. */
const settleTime = 150;

export class RunHistory implements vscode.Disposable {
  private read: { stamp: string; runs: Run[]; evaluations: EvaluationRun[] } | undefined;
  /** Looked at in this turn of the event loop: once is enough, however many rows ask. */
  private isLooked = false;
  private timer: NodeJS.Timeout | undefined;
  private readonly warned = new Set<string>();
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  private readonly subscriptions: vscode.Disposable[];

  /** @param isHeld whether a process works on the run in a folder */
  constructor(
    private readonly warn: (line: string) => void,
    private readonly isHeld: (folder: string) => boolean,
  ) {
    // Runs of the command line show up by themselves, too.
    const watcher = vscode.workspace.createFileSystemWatcher(`**/${runsFolder}/*/{${watched.join()}}`);
    const soon = (): void => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.refresh(), settleTime);
    };
    this.subscriptions = [
      this.changed,
      watcher,
      watcher.onDidCreate(soon),
      watcher.onDidChange(soon),
      watcher.onDidDelete(soon),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.refresh()),
    ];
  }

  /** Newest first. */
  runs(): readonly Run[] {
    return this.all().runs;
  }

  /** Newest first. */
  evaluations(): readonly EvaluationRun[] {
    return this.all().evaluations;
  }

  stateOf({ folder, record }: Run): RunState {
    // Only a run that says it runs may be held, or not.
    return runState(record, record.status === 'running' && this.isHeld(folder));
  }

  refresh(): void {
    clearTimeout(this.timer);
    this.read = undefined;
    this.changed.fire();
  }

  dispose(): void {
    clearTimeout(this.timer);
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private all(): { runs: Run[]; evaluations: EvaluationRun[] } {
    if (this.read && this.isLooked) return this.read;
    this.isLooked = true;
    setImmediate(() => (this.isLooked = false));
    const stamp = allFolders()
      .map(folder => runsStamp(folder, watched))
      .join();
    if (this.read && this.read.stamp !== stamp) {
      this.read = undefined;
      setImmediate(() => this.changed.fire());
    }
    this.read ??= this.readAll(stamp);
    return this.read;
  }

  private readAll(stamp: string): { stamp: string; runs: Run[]; evaluations: EvaluationRun[] } {
    const warn = (line: string): void => {
      if (this.warned.has(line)) return;
      this.warned.add(line); // once is enough, however often the runs are read
      this.warn(t('This run is left out: {0}', line));
    };
    return {
      stamp,
      runs: newestFirst(allFolders().flatMap(folder => listRuns(folder, warn))),
      evaluations: newestFirst(allFolders().flatMap(folder => listEvaluations(folder, warn))),
    };
  }
}

function newestFirst<T extends { id: string }>(runs: T[]): T[] {
  return runs.sort((a, b) => b.id.localeCompare(a.id));
}
