/** @file The status bar item: the chosen checkpoint and what the engine does. */
import path from 'node:path';

import { t } from '@vscode/l10n';
import * as vscode from 'vscode';

import type { Engine, EngineState } from './engine/engine';
import { commands, productName, statusBarItem } from './manifest';
import type { Selection } from './workspace/selection';

const icons: Record<EngineState, string> = {
  off: '$(circuit-board)',
  idle: '$(circuit-board)',
  busy: '$(sync~spin)',
  crashed: '$(error)',
};
const words: Record<EngineState, string> = {
  off: t('not started; the first job starts it'),
  idle: t('ready'),
  busy: t('working'),
  crashed: t('crashed; the next job starts it again'),
};

export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem(
    statusBarItem,
    vscode.StatusBarAlignment.Left,
    10,
  );
  private readonly subscription: vscode.Disposable;

  constructor(
    private readonly engine: Engine,
    private readonly selection: Selection,
  ) {
    this.item.name = productName;
    this.item.command = commands.showLog;
    this.subscription = selection.onDidChange(() => this.update());
    this.update();
    this.item.show();
  }

  /** To be called when the engine's state changed. */
  update(): void {
    const { state } = this.engine;
    const model = this.selection.model;
    this.item.text = `${icons[state]} ${model === undefined ? productName : path.basename(model)}`;
    this.item.tooltip = [
      t('{0} engine: {1}', productName, words[state]),
      t('Checkpoint: {0}', model ?? t('none chosen')),
      t('Dataset: {0}', this.selection.dataset?.name ?? t('none chosen')),
      t('Click to show the log'),
    ].join('\n');
    this.item.backgroundColor =
      state === 'crashed' ? new vscode.ThemeColor('statusBarItem.errorBackground') : undefined;
  }

  dispose(): void {
    this.subscription.dispose();
    this.item.dispose();
  }
}
