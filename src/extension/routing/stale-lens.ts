/** @file Says above a document that was edited since it was traced what the colours are of, and traces it again. */
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';

import { commands, configurationSection, settings } from '../manifest';
import { settingOr } from '../settings';
import { settingReader } from '../workspace/workspace';
import type { TraceStore } from './trace-store';

export class StaleLens implements vscode.CodeLensProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.changed.event;
  private readonly subscriptions: vscode.Disposable[];

  constructor(private readonly store: TraceStore) {
    const name = `${configurationSection}.${settings.codeLens}`;
    this.subscriptions = [
      this.changed,
      store.onDidChange(() => this.changed.fire()),
      vscode.workspace.onDidChangeConfiguration(change => {
        if (change.affectsConfiguration(name)) this.changed.fire();
      }),
    ];
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    if (!this.store.ofDocument(document)?.stale || !settingOr(settingReader(), 'codeLens', true)) return [];
    const title = t('$(history) Edited since it was traced: trace again');
    return [new vscode.CodeLens(new vscode.Range(0, 0, 0, 0), { title, command: commands.tracePrompt })];
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }
}
