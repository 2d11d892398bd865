/** @file Trace and Compare above the samples of JSON and JSONL datasets. */
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';

import { commands, configurationSection, settings } from '../manifest';
import { settingOr } from '../settings';
import { settingReader } from '../workspace/workspace';
import { SampleLines } from './sample-lines';

/** The engine reads the file itself: it must be one. */
export const datasetDocuments: vscode.DocumentSelector = [
  { scheme: 'file', language: 'json' },
  { scheme: 'file', language: 'jsonl' },
  { scheme: 'file', pattern: '**/*.{json,jsonl}' },
];

/** Lines around what is visible that get lenses, too. */
const margin = 200;

interface Lensed {
  version: number;
  samples: SampleLines;
  /** Lines that have their lenses. */
  first: number;
  last: number;
}

/** Lenses of what is visible: a dataset may have a hundred thousand samples. */
export class SampleLens implements vscode.CodeLensProvider, vscode.Disposable {
  private readonly lensed = new WeakMap<vscode.TextDocument, Lensed>();
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.changed.event;
  private readonly subscriptions: vscode.Disposable[];

  constructor() {
    const name = `${configurationSection}.${settings.codeLens}`;
    this.subscriptions = [
      this.changed,
      vscode.window.onDidChangeTextEditorVisibleRanges(({ textEditor }) => this.scrolled(textEditor)),
      vscode.workspace.onDidSaveTextDocument(document => {
        if (this.lensed.has(document)) this.changed.fire();
      }),
      vscode.workspace.onDidChangeConfiguration(change => {
        if (change.affectsConfiguration(name)) this.changed.fire();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.changed.fire()),
    ];
  }

  /** None while there are changes that are not saved: the engine reads the file. */
  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const samples = this.samplesOf(document);
    if (document.isDirty || !vscode.workspace.isTrusted) return [];
    if (!settingOr(settingReader(), 'codeLens', true)) return [];
    const { first, last } = visibleLines(document);
    const range = { first: Math.max(0, first - margin), last: last + margin };
    Object.assign(samples, range);
    return samples.samples
      .between(range.first, range.last)
      .flatMap(({ index, line }) => lensesOf({ file: document.uri.fsPath, index }, line));
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private samplesOf(document: vscode.TextDocument): Lensed {
    const known = this.lensed.get(document);
    if (known?.version === document.version) return known;
    const lensed = { version: document.version, samples: new SampleLines(document), first: 0, last: -1 };
    this.lensed.set(document, lensed);
    return lensed;
  }

  private scrolled({ document }: vscode.TextEditor): void {
    const lensed = this.lensed.get(document);
    const { first, last } = visibleLines(document);
    if (lensed && (first < lensed.first || last > lensed.last)) this.changed.fire();
  }
}

function lensesOf(sample: { file: string; index: number }, line: number): vscode.CodeLens[] {
  const range = new vscode.Range(line, 0, line, 0);
  const lens = (title: string, tooltip: string, command: string): vscode.CodeLens =>
    new vscode.CodeLens(range, { title, tooltip, command, arguments: [{ sample }] });
  return [
    lens(t('Trace'), t('Trace the routing of sample {0}', sample.index), commands.traceSample),
    lens(
      t('Compare base/tuned'),
      t('Trace sample {0} and show what router tuning changed', sample.index),
      commands.compareBaseTuned,
    ),
  ];
}

/** From the first to the last line that an editor shows of the document. */
function visibleLines(document: vscode.TextDocument): { first: number; last: number } {
  const ranges = vscode.window.visibleTextEditors
    .filter(editor => editor.document === document)
    .flatMap(({ visibleRanges }) => visibleRanges);
  if (ranges.length === 0) return { first: 0, last: 0 };
  return {
    first: Math.min(...ranges.map(({ start }) => start.line)),
    last: Math.max(...ranges.map(({ end }) => end.line)),
  };
}
