/** @file The Runs view: the history of all jobs, newest first. */
import { readdirSync } from 'node:fs';

import { t } from '@vscode/l10n';
import * as vscode from 'vscode';

import { commands, views } from '../manifest';
import type { Run } from '../workspace/runs';
import type { EvaluationRun } from './evaluations';
import type { RunHistory } from './run-history';
import {
  evaluationDescription,
  evaluationTooltip,
  runContext,
  runDescription,
  type RunFacts,
  runTitle,
  runTooltip,
  stateIcons,
} from './run-rows';

export class RunRow {
  /** Of the commands that take a run. */
  readonly options: { run: string };
  readonly path: string;

  constructor(readonly facts: RunFacts) {
    this.path = facts.folder;
    this.options = { run: facts.folder };
  }
}

export class EvaluationRow {
  readonly options: { run: string };
  readonly path: string;

  constructor(readonly run: EvaluationRun) {
    this.path = run.folder;
    this.options = { run: run.folder };
  }
}

type Row = RunRow | EvaluationRow;

export class RunsView implements vscode.TreeDataProvider<Row>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly tree: vscode.TreeView<Row>;
  private readonly subscriptions: vscode.Disposable[];

  constructor(private readonly history: RunHistory) {
    this.tree = vscode.window.createTreeView<Row>(views.runs, {
      treeDataProvider: this,
      canSelectMany: true,
    });
    this.subscriptions = [
      this.tree,
      this.changed,
      history.onDidChange(() => this.changed.fire()),
      // The process of a run may have died meanwhile, which no file tells.
      this.tree.onDidChangeVisibility(({ visible }) => {
        if (visible) this.changed.fire();
      }),
    ];
  }

  /** Rows that are selected together. */
  get selection(): readonly Row[] {
    return this.tree.selection;
  }

  getChildren(row?: Row): Row[] {
    if (row) return [];
    const runs = this.history.runs().map(run => new RunRow(this.factsOf(run)));
    const evaluations = this.history.evaluations().map(run => new EvaluationRow(run));
    const idOf = (each: Row): string => (each instanceof RunRow ? each.facts.id : each.run.id);
    return [...runs, ...evaluations].sort((a, b) => idOf(b).localeCompare(idOf(a)));
  }

  getTreeItem(row: Row): vscode.TreeItem {
    return row instanceof RunRow ? runItem(row) : evaluationItem(row);
  }

  getParent(): undefined {
    return undefined;
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private factsOf(run: Run): RunFacts {
    return { ...run, state: this.history.stateOf(run), files: filesIn(run.folder) };
  }
}

/** What was removed since is empty. */
function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function runItem(row: RunRow): vscode.TreeItem {
  const { facts } = row;
  const title = runTitle(facts.record);
  const item = new vscode.TreeItem(title);
  const { icon, colour } = stateIcons[facts.state];
  item.id = facts.folder;
  item.description = runDescription(facts);
  item.tooltip = runTooltip(facts);
  item.iconPath = new vscode.ThemeIcon(icon, new vscode.ThemeColor(colour));
  item.contextValue = runContext(facts);
  item.accessibilityInformation = { label: `${title}, ${facts.state}, ${item.description}` };
  item.command = { command: commands.openRun, title: t('Open'), arguments: [row] };
  return item;
}

function evaluationItem(row: EvaluationRow): vscode.TreeItem {
  const item = new vscode.TreeItem(t('Evaluation'));
  item.id = row.path;
  item.description = evaluationDescription(row.run);
  item.tooltip = evaluationTooltip(row.run);
  item.iconPath = new vscode.ThemeIcon('checklist');
  item.contextValue = 'run evaluation done files deletable';
  item.command = { command: commands.openRun, title: t('Open'), arguments: [row] };
  return item;
}
