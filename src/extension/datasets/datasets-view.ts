/** @file The Datasets view: files of samples, grouped; their splits; the first samples of each. */
import path from 'node:path';

import { t } from '@vscode/l10n';
import * as vscode from 'vscode';

import { commands, views } from '../manifest';
import { namedFilesOf, splitsOf } from '../workspace/datasets';
import { readSamples, type Sample } from '../workspace/sample-file';
import type { Selection } from '../workspace/selection';
import { shortPath } from '../workspace/workspace';
import type { FoundDataset, WorkspaceFiles } from '../workspace/workspace-files';
import { SplitFactsCache } from './split-facts';

/** Samples listed below a file; the sample quick pick has more. */
const samplesShown = 50;

export class DatasetRow {
  /** Of the commands that take a dataset. */
  readonly options: { train: string; dev?: string; test?: string };
  readonly path: string;

  constructor(readonly found: FoundDataset) {
    const { train, dev, test } = found.dataset;
    this.options = { train, dev, test };
    this.path = train;
  }
}

export class SplitRow {
  readonly options: { data: string };

  constructor(
    readonly parent: DatasetRow,
    readonly name: string,
    readonly path: string,
  ) {
    this.options = { data: path };
  }
}

export class SampleRow {
  readonly options: { sample: { file: string; index: number } };
  readonly path: string;

  constructor(
    readonly parent: SplitRow,
    readonly index: number,
    readonly sample: Sample,
  ) {
    this.options = { sample: { file: parent.path, index } };
    this.path = parent.path;
  }
}

type Row = DatasetRow | SplitRow | SampleRow;

export class DatasetsView implements vscode.TreeDataProvider<Row>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<Row | undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly tree: vscode.TreeView<Row>;
  private readonly facts = new SplitFactsCache();
  private readonly subscriptions: vscode.Disposable[];

  constructor(
    private readonly files: WorkspaceFiles,
    private readonly selection: Selection,
  ) {
    this.tree = vscode.window.createTreeView<Row>(views.datasets, { treeDataProvider: this });
    this.subscriptions = [
      this.tree,
      this.changed,
      files.onDidChange(() => this.changed.fire(undefined)),
      selection.onDidChange(() => this.changed.fire(undefined)),
    ];
  }

  async getChildren(row?: Row): Promise<Row[]> {
    if (!row) return (await this.files.datasets()).map(found => new DatasetRow(found));
    if (row instanceof DatasetRow)
      return namedFilesOf(row.found.dataset).map(([name, file]) => new SplitRow(row, name, file));
    if (row instanceof SampleRow) return [];
    const samples = await readSamples(row.path, samplesShown);
    return samples.map(({ index, sample }) => new SampleRow(row, index, sample));
  }

  async getTreeItem(row: Row): Promise<vscode.TreeItem> {
    if (row instanceof DatasetRow) return this.datasetItem(row);
    return row instanceof SplitRow ? this.splitItem(row) : sampleItem(row);
  }

  getParent(row: Row): Row | undefined {
    return row instanceof DatasetRow ? undefined : row.parent;
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private datasetItem(row: DatasetRow): vscode.TreeItem {
    const { dataset, hasContext } = row.found;
    const chosen = this.selection.dataset?.train === dataset.train;
    const item = new vscode.TreeItem(dataset.name, vscode.TreeItemCollapsibleState.Collapsed);
    item.id = dataset.train;
    const folder = shortPath(path.dirname(dataset.train));
    item.description = [
      ...(chosen ? [t('chosen')] : []),
      splitsOf(dataset),
      ...(hasContext ? [] : [t('without context')]),
      folder,
    ].join(' · ');
    item.tooltip = [
      ...namedFilesOf(dataset).map(([name, file]) => `${name}: ${file}`),
      ...(chosen ? [t('Chosen for jobs.')] : []),
    ].join('\n');
    item.iconPath = new vscode.ThemeIcon(chosen ? 'pass-filled' : 'database');
    item.contextValue = ['dataset', chosen ? 'chosen' : 'other', hasContext ? 'context' : 'closed'].join(' ');
    return item;
  }

  private async splitItem(row: SplitRow): Promise<vscode.TreeItem> {
    const item = new vscode.TreeItem(row.name, vscode.TreeItemCollapsibleState.Collapsed);
    item.id = `${row.parent.path} ${row.path}`;
    item.iconPath = new vscode.ThemeIcon('json');
    item.contextValue = 'split';
    try {
      const { samples, meanWords } = await this.facts.of(row.path);
      item.description = t(
        '{0} samples · ≈ {1} words each',
        samples.toLocaleString('en'),
        meanWords.toFixed(0),
      );
    } catch {
      item.description = t('cannot be read');
    }
    item.tooltip = `${row.path}\n${item.description}`;
    return item;
  }
}

function sampleItem(row: SampleRow): vscode.TreeItem {
  const { index, sample } = row;
  const answer = [sample.answer].flat().at(0) ?? '';
  const item = new vscode.TreeItem(`${index}: ${sample.question}`);
  item.id = `${row.parent.parent.path} ${row.path} ${index}`;
  item.description = `→ ${answer}`;
  item.tooltip = [
    `${t('Question')}: ${sample.question}`,
    `${t('Answer')}: ${answer}`,
    `${t('Context')}: ${sample.context}`,
  ].join('\n\n');
  item.iconPath = new vscode.ThemeIcon('comment');
  item.contextValue = 'sample';
  item.command = { command: commands.openSample, title: t('Open Sample'), arguments: [row] };
  return item;
}
