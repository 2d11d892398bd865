/** @file What lies in the workspace: found once, and again after files came or went. */
import * as vscode from 'vscode';

import { type Dataset, groupDatasets } from './datasets';
import { readFirstSample } from './sample-file';
import { findCheckpointsAndJson, type Findings } from './walk';
import { allFolders } from './workspace';

/** Files come in bunches: so many milliseconds after the last of them the workspace is walked again. */
const settleTime = 300;

/** Workspaces may hold thousands of JSON files, and a process may open only so many. */
const filesAtOnce = 16;

export interface FoundDataset {
  dataset: Dataset;
  /** Without a context there is nothing to be faithful to: such a dataset is for evaluation only. */
  hasContext: boolean;
}

export class WorkspaceFiles implements vscode.Disposable {
  private found: Promise<Findings> | undefined;
  private foundDatasets: Promise<FoundDataset[]> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly changed = new vscode.EventEmitter<void>();
  /** What is there may be something else now. */
  readonly onDidChange = this.changed.event;
  private readonly subscriptions: vscode.Disposable[];

  constructor() {
    const watcher = vscode.workspace.createFileSystemWatcher('**/*.{json,jsonl,safetensors}');
    const hear = (uri: vscode.Uri): void => this.hear(uri);
    this.subscriptions = [
      this.changed,
      watcher,
      watcher.onDidCreate(hear),
      watcher.onDidChange(hear),
      watcher.onDidDelete(hear),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.refresh()),
    ];
  }

  /** Of all workspace folders. */
  find(): Promise<Findings> {
    this.found ??= Promise.all(allFolders().map(findCheckpointsAndJson)).then(each => ({
      checkpoints: each.flatMap(({ checkpoints }) => checkpoints),
      jsonFiles: each.flatMap(({ jsonFiles }) => jsonFiles),
      incomplete: each.some(({ incomplete }) => incomplete),
    }));
    return this.found;
  }

  /** Files that begin with a sample, grouped. */
  datasets(): Promise<FoundDataset[]> {
    this.foundDatasets ??= this.find().then(({ jsonFiles }) => datasetsAmong(jsonFiles));
    return this.foundDatasets;
  }

  refresh(): void {
    this.found = undefined;
    this.foundDatasets = undefined;
    this.changed.fire();
  }

  dispose(): void {
    clearTimeout(this.timer);
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private hear(uri: vscode.Uri): void {
    // Runs and other hidden things are not walked through.
    const parts = vscode.workspace.asRelativePath(uri, false).split(/[/\\]/);
    if (parts.some(part => part.startsWith('.'))) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), settleTime);
  }
}

async function datasetsAmong(files: readonly string[]): Promise<FoundDataset[]> {
  const contexts = new Map<string, string>();
  const pending = [...files];
  const readOn = async (): Promise<void> => {
    for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
      // A file that went away since holds no samples.
      const first = await readFirstSample(file).catch(() => undefined);
      if (first) contexts.set(file, first.context);
    }
  };
  await Promise.all(Array.from({ length: filesAtOnce }, readOn));
  return groupDatasets(files.filter(file => contexts.has(file))).map(dataset => ({
    dataset,
    hasContext: contexts.get(dataset.train) !== '',
  }));
}
