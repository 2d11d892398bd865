/** @file The Models view: the checkpoints of the workspace. */
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';

import type { Engine } from '../engine/engine';
import { views } from '../manifest';
import type { Selection } from '../workspace/selection';
import type { WorkspaceFiles } from '../workspace/workspace-files';
import {
  checkpointDescription,
  checkpointFacts,
  type CheckpointState,
  checkpointState,
  checkpointTooltip,
  type KnownCheckpoint,
} from './checkpoint-rows';
import { type Checkpoint, type Checkpoints, readCheckpoint } from './checkpoints';

/** Menus pass rows to commands, which read their `options` and open or reveal their `path`. */
export class CheckpointRow {
  readonly options: { model: string };
  readonly path: string;

  constructor(readonly checkpoint: Checkpoint) {
    this.path = checkpoint.folder;
    this.options = { model: checkpoint.folder };
  }
}

class FactRow {
  constructor(
    readonly parent: CheckpointRow,
    readonly name: string,
    readonly value: string,
  ) {}
}

type Row = CheckpointRow | FactRow;

const icons: Record<CheckpointState, string> = {
  supported: 'circuit-board',
  unsupported: 'circle-slash',
  unknown: 'package',
};

export class ModelsView implements vscode.TreeDataProvider<Row>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<Row | undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly tree: vscode.TreeView<Row>;
  private readonly subscriptions: vscode.Disposable[];

  constructor(
    private readonly files: WorkspaceFiles,
    private readonly checkpoints: Checkpoints,
    private readonly engine: Pick<Engine, 'state'>,
    private readonly selection: Selection,
  ) {
    this.tree = vscode.window.createTreeView<Row>(views.models, { treeDataProvider: this });
    this.subscriptions = [
      this.tree,
      this.changed,
      files.onDidChange(() => this.changed.fire(undefined)),
      selection.onDidChange(() => this.changed.fire(undefined)),
    ];
  }

  async getChildren(row?: Row): Promise<Row[]> {
    if (row instanceof FactRow) return [];
    if (row) return this.facts(row);
    const { checkpoints, incomplete } = await this.files.find();
    const folders = new Set(checkpoints);
    const chosen = this.selection.model;
    if (chosen !== undefined) folders.add(chosen);
    const read = await Promise.all([...folders].map(readCheckpoint));
    // One that was chosen elsewhere and is gone since is nothing to show.
    const there = read.filter(({ folder, config }) => config !== undefined || checkpoints.includes(folder));
    this.tree.message = incomplete
      ? t('This workspace holds too much to look through: choose a folder with “Select Checkpoint…”.')
      : undefined;
    const rows = there.map(checkpoint => new CheckpointRow(checkpoint));
    for (const each of rows) this.inspectIfCheap(each);
    return rows;
  }

  getTreeItem(row: Row): vscode.TreeItem {
    if (row instanceof FactRow) return factItem(row);
    const known = this.known(row);
    const item = new vscode.TreeItem(row.checkpoint.name, vscode.TreeItemCollapsibleState.Collapsed);
    const state = checkpointState(known);
    item.id = row.path;
    item.description = checkpointDescription(known);
    item.tooltip = checkpointTooltip(known);
    item.iconPath = new vscode.ThemeIcon(known.chosen ? 'pass-filled' : icons[state]);
    item.contextValue = ['checkpoint', state, known.chosen ? 'chosen' : 'other'].join(' ');
    item.accessibilityInformation = { label: `${row.checkpoint.name}, ${item.description}` };
    return item;
  }

  getParent(row: Row): Row | undefined {
    return row instanceof FactRow ? row.parent : undefined;
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private known({ checkpoint }: CheckpointRow): KnownCheckpoint {
    const chosen = checkpoint.folder === this.selection.model;
    return { checkpoint, summary: this.checkpoints.known(checkpoint), chosen };
  }

  /** Whoever opens a row wants to know whether it can be used: that starts the engine, if the workspace is trusted. */
  private async facts(row: CheckpointRow): Promise<FactRow[]> {
    if (vscode.workspace.isTrusted && !this.checkpoints.known(row.checkpoint)) {
      await this.checkpoints.inspect(row.checkpoint);
      this.changed.fire(row);
    }
    return checkpointFacts(this.known(row)).map(([name, value]) => new FactRow(row, name, value));
  }

  /** An engine that runs anyway is asked at once. */
  private inspectIfCheap(row: CheckpointRow): void {
    const running = this.engine.state === 'idle' || this.engine.state === 'busy';
    if (!running || this.checkpoints.known(row.checkpoint)) return;
    void this.checkpoints.inspect(row.checkpoint).then(() => this.changed.fire(row));
  }
}

function factItem({ name, value }: FactRow): vscode.TreeItem {
  const item = new vscode.TreeItem(name);
  item.description = value;
  item.tooltip = `${name}: ${value}`;
  return item;
}
