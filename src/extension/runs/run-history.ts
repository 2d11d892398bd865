/** @file The runs and evaluations of the workspace: read once, and again after one of them changed. */
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';

import { runFiles, runsFolder } from '../../protocol/artifacts';
import type { RunState } from '../../protocol/training-panel';
import { listRuns, type Run } from '../workspace/runs';
import { allFolders } from '../workspace/workspace';
import { evaluationFile, type EvaluationRun, listEvaluations } from './evaluations';
import { runState } from './run-rows';

/** Files of a run are written in bunches. */
const settleTime = 150;

export class RunHistory implements vscode.Disposable {
  private read: { runs: Run[]; evaluations: EvaluationRun[] } | undefined;
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
    const files = [runFiles.run, runFiles.report, evaluationFile].join(',');
    const watcher = vscode.workspace.createFileSystemWatcher(`**/${runsFolder}/*/{${files}}`);
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
    const warn = (line: string): void => {
      if (this.warned.has(line)) return;
      this.warned.add(line); // once is enough, however often the runs are read
      this.warn(t('This run is left out: {0}', line));
    };
    this.read ??= {
      runs: newestFirst(allFolders().flatMap(folder => listRuns(folder, warn))),
      evaluations: newestFirst(allFolders().flatMap(folder => listEvaluations(folder, warn))),
    };
    return this.read;
  }
}

function newestFirst<T extends { id: string }>(runs: T[]): T[] {
  return runs.sort((a, b) => b.id.localeCompare(a.id));
}
