/** @file What lies in the workspace: found once, and again after files came or went. */
import * as vscode from 'vscode';

import { type Dataset, groupDatasets } from './datasets';
import { readFirstSample } from './sample-file';
import { findCheckpointsAndJson, type Findings } from './walk';
import { allFolders } from './workspace';

/** Files come in bunches: so many milliseconds after the last of them the workspace is walked again. */
const settleTime = 300;

export interface FoundDataset {
  dataset: Dataset;
  /** Without a context there is nothing to be faithful to: such a dataset is for evaluation only. */
  hasContext: boolean;
}

export class WorkspaceFiles implements vscode.Disposable {
  private found: Promise<Findings> | undefined;
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
  async datasets(): Promise<FoundDataset[]> {
    const { jsonFiles } = await this.find();
    // A file that went away since holds no samples.
    const first = await Promise.all(jsonFiles.map(file => readFirstSample(file).catch(() => undefined)));
    const contexts = new Map(jsonFiles.map((file, i) => [file, first[i]?.context]));
    return groupDatasets(jsonFiles.filter(file => contexts.get(file) !== undefined)).map(dataset => ({
      dataset,
      hasContext: contexts.get(dataset.train) !== '',
    }));
  }

  refresh(): void {
    this.found = undefined;
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
