/** @file The Comparison panels, restored after a reload. */
import { t } from '@vscode/l10n';
import * as v from 'valibot';
import * as vscode from 'vscode';

import { messageOf } from '../../common/errors';
import {
  ComparisonPanelStateSchema,
  FromComparisonPanelSchema,
  type ToComparisonPanel,
} from '../../protocol/comparison-panel';
import { panels } from '../manifest';
import { openPanel, PagePanel } from '../page-panel';
import type { RunHistory } from '../runs/run-history';
import { readComparedRuns } from './compared-runs';

export class ComparisonPanels implements vscode.WebviewPanelSerializer, vscode.Disposable {
  private readonly open = new Map<string, vscode.WebviewPanel>();
  private readonly registration = vscode.window.registerWebviewPanelSerializer(panels.comparison, this);

  constructor(
    private readonly extensionUri: vscode.Uri,
    private readonly history: RunHistory,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  show(folders: readonly string[]): void {
    const shown = this.open.get(key(folders));
    if (shown) shown.reveal();
    else this.adopt(openPanel(panels.comparison, t('Comparison')), folders);
  }

  /** The page kept which runs it showed. */
  deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const parsed = v.safeParse(ComparisonPanelStateSchema, state);
    if (parsed.success && !this.open.has(key(parsed.output.runs))) this.adopt(panel, parsed.output.runs);
    else panel.dispose();
    return Promise.resolve();
  }

  dispose(): void {
    this.registration.dispose();
    for (const panel of this.open.values()) panel.dispose();
  }

  private adopt(panel: vscode.WebviewPanel, folders: readonly string[]): void {
    this.open.set(key(folders), panel);
    panel.onDidDispose(() => this.open.delete(key(folders)));
    const page = new PagePanel<never, ToComparisonPanel>(panel, {
      ...{ extensionUri: this.extensionUri, log: this.log, bundle: 'comparison' },
      incoming: FromComparisonPanelSchema,
      ready: () => {
        readComparedRuns(folders, this.history.runs()).then(
          runs => page.post({ type: 'show', runs }),
          (error: unknown) => page.post({ type: 'error', text: messageOf(error) }),
        );
      },
    });
  }
}

function key(folders: readonly string[]): string {
  return folders.join('\n');
}
