/** @file The Experts view: the context-faithful experts of one run, layer by layer. */
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';

import { messageOf } from '../../common/errors';
import type { ContextDependence } from '../../protocol/artifacts';
import { contextKeys, views } from '../manifest';
import { listRuns, newestFinishedRun, readContextDependence, type Run } from '../workspace/runs';
import { allFolders } from '../workspace/workspace';
import {
  expertDescription,
  expertLabel,
  type ExpertRow,
  expertRows,
  expertTooltip,
  layerDescription,
  type LayerRow,
} from './expert-rows';

type Row = LayerRow | ExpertRow;

/** A run and what the view shows of it. */
export interface ShownRun {
  run: Run;
  result: ContextDependence;
}

export class ExpertsView implements vscode.TreeDataProvider<Row>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly tree: vscode.TreeView<Row>;
  /** Shown whatever is newer, until it is gone. */
  private chosen: string | undefined;
  private shown: ShownRun | undefined;

  constructor(private readonly log: vscode.LogOutputChannel) {
    this.tree = vscode.window.createTreeView(views.experts, {
      treeDataProvider: this,
      showCollapseAll: true,
    });
    this.refresh();
  }

  get current(): ShownRun | undefined {
    return this.shown;
  }

  /** All runs of the workspace, newest first. */
  runs(): Run[] {
    return allFolders()
      .flatMap(folder => listRuns(folder, line => this.log.warn(line)))
      .sort((a, b) => b.id.localeCompare(a.id));
  }

  /** Reads the runs again and shows the chosen one, else the newest that is finished. */
  refresh(): void {
    const runs = this.runs();
    const run = runs.find(({ folder }) => folder === this.chosen) ?? newestFinishedRun(runs);
    this.shown = run && this.read(run);
    void vscode.commands.executeCommand('setContext', contextKeys.hasRun, this.shown !== undefined);
    this.changed.fire();
  }

  /** @param folder the run to show from now on; none: always the newest */
  choose(folder: string | undefined): void {
    this.chosen = folder;
    this.refresh();
  }

  /** Shows a run and brings the view to the front. */
  async reveal(folder: string): Promise<void> {
    this.choose(folder);
    await vscode.commands.executeCommand(`${views.experts}.focus`);
  }

  getChildren(row?: Row): Row[] {
    if (row) return row.kind === 'layer' ? row.experts : [];
    // Not earlier: a message that is set while the welcome text is shown gets no room above the rows.
    this.tree.message = this.shown && `${this.shown.run.record.model.name} · ${this.shown.run.id}`;
    return this.shown ? expertRows(this.shown.result) : [];
  }

  getTreeItem(row: Row): vscode.TreeItem {
    return row.kind === 'layer' ? layerItem(row) : this.expertItem(row);
  }

  dispose(): void {
    this.tree.dispose();
    this.changed.dispose();
  }

  private read(run: Run): ShownRun | undefined {
    try {
      return { run, result: readContextDependence(run) };
    } catch (error) {
      this.log.warn(messageOf(error));
      return undefined;
    }
  }

  private expertItem(row: ExpertRow): vscode.TreeItem {
    const item = new vscode.TreeItem(expertLabel(row));
    item.id = `expert-${row.layer}-${row.expert}`;
    item.description = expertDescription(row);
    item.tooltip = this.shown && expertTooltip(row, this.shown.result);
    return item;
  }
}

function layerItem(row: LayerRow): vscode.TreeItem {
  const item = new vscode.TreeItem(t('Layer {0}', row.layer), vscode.TreeItemCollapsibleState.Collapsed);
  item.id = `layer-${row.layer}`;
  item.description = layerDescription(row);
  item.tooltip = t(
    'Layer {0}: {1} experts, by their share of the routing after router tuning',
    ...[row.layer, row.experts.length],
  );
  item.iconPath = new vscode.ThemeIcon('layers');
  return item;
}
