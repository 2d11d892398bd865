/** @file The status bar: the chosen checkpoint and what the engine does; beside it the job that runs. */
import path from 'node:path';

import { t } from '@vscode/l10n';
import * as vscode from 'vscode';

import type { Engine, EngineState } from './engine/engine';
import { commands, productName, statusBarItems } from './manifest';
import { durationText, progressText } from './progress-text';
import type { Selection } from './workspace/selection';

const icons: Record<EngineState, string> = {
  off: '$(circuit-board)',
  idle: '$(circuit-board)',
  busy: '$(circuit-board)',
  crashed: '$(error)',
};
const words: Record<EngineState, string> = {
  off: t('not running; the first job starts it'),
  idle: t('ready'),
  busy: t('working'),
  crashed: t('crashed; the next job starts it again'),
};

export class StatusBar implements vscode.Disposable {
  private readonly engineItem = item(statusBarItems.engine, 11, productName);
  private readonly jobItem = item(statusBarItems.job, 10, t('{0}: Running Job', productName));
  private readonly subscription: vscode.Disposable;

  constructor(
    private readonly engine: Pick<Engine, 'state' | 'progress'>,
    private readonly selection: Selection,
  ) {
    this.engineItem.command = commands.showLog;
    this.jobItem.command = 'notifications.showList'; // there it can be cancelled
    this.subscription = selection.onDidChange(() => this.update());
    this.update();
    this.engineItem.show();
  }

  /** To be called when the engine's state or the progress of its job changed. */
  update(): void {
    this.showEngine();
    this.showJob();
  }

  dispose(): void {
    for (const disposable of [this.subscription, this.engineItem, this.jobItem]) disposable.dispose();
  }

  private showEngine(): void {
    const { state } = this.engine;
    const { model, dataset } = this.selection;
    this.engineItem.text = `${icons[state]} ${model === undefined ? productName : path.basename(model)}`;
    this.engineItem.tooltip = [
      t('{0} engine: {1}', productName, words[state]),
      t('Checkpoint: {0}', model ?? t('none chosen')),
      t('Dataset: {0}', dataset?.name ?? t('none chosen')),
      t('Click to show the log'),
    ].join('\n');
    this.engineItem.backgroundColor =
      state === 'crashed' ? new vscode.ThemeColor('statusBarItem.errorBackground') : undefined;
  }

  private showJob(): void {
    const { progress } = this.engine;
    if (!progress) {
      this.jobItem.hide();
      return;
    }
    const left = progress.eta_seconds === undefined ? '' : ` · ${durationText(progress.eta_seconds)}`;
    const percent = Math.floor(100 * progress.fraction);
    this.jobItem.text = `$(sync~spin) ${progress.phase} ${percent} %${left}`;
    this.jobItem.tooltip = [progressText(progress), t('Click to see it and to cancel')].join('\n');
    this.jobItem.show();
  }
}

function item(id: string, priority: number, name: string): vscode.StatusBarItem {
  const created = vscode.window.createStatusBarItem(id, vscode.StatusBarAlignment.Left, priority);
  created.name = name;
  return created;
}
