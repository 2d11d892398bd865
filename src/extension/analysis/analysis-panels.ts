/** @file The Analysis panels: one for each result that is looked at, restored after a reload. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { t } from '@vscode/l10n';
import * as v from 'valibot';
import * as vscode from 'vscode';

import { messageOf } from '../../common/errors';
import { analysisFiles } from '../../protocol/analyses';
import {
  AnalysisPanelStateSchema,
  FromAnalysisPanelSchema,
  type ToAnalysisPanel,
} from '../../protocol/analysis-panel';
import { type AnalysisResult, AnalysisResultSchema } from '../../protocol/analysis-results';
import { panels } from '../manifest';
import { openPanel, PagePanel } from '../page-panel';
import { readRun } from '../workspace/runs';

export class AnalysisPanels implements vscode.WebviewPanelSerializer, vscode.Disposable {
  private readonly open = new Map<string, vscode.WebviewPanel>();
  private readonly registration = vscode.window.registerWebviewPanelSerializer(panels.analysis, this);

  constructor(
    private readonly extensionUri: vscode.Uri,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** Opens the result in a run folder, or brings it to the front. */
  show(folder: string): void {
    const shown = this.open.get(folder);
    if (shown) shown.reveal();
    else this.adopt(openPanel(panels.analysis, t('Analysis')), folder);
  }

  /** The page kept which result it showed. */
  deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const parsed = v.safeParse(AnalysisPanelStateSchema, state);
    if (parsed.success && !this.open.has(parsed.output.run)) this.adopt(panel, parsed.output.run);
    else panel.dispose();
    return Promise.resolve();
  }

  dispose(): void {
    this.registration.dispose();
    for (const panel of this.open.values()) panel.dispose();
  }

  private adopt(panel: vscode.WebviewPanel, folder: string): void {
    this.open.set(folder, panel);
    panel.onDidDispose(() => this.open.delete(folder));
    const page = new PagePanel<never, ToAnalysisPanel>(panel, {
      ...{ extensionUri: this.extensionUri, log: this.log, bundle: 'analysis', saveIn: folder },
      incoming: FromAnalysisPanelSchema,
      ready: () => {
        const message = read(folder);
        if (message.type === 'show') page.title = t('Analysis: {0}', message.result.kind);
        page.post(message);
      },
    });
  }
}

function read(folder: string): ToAnalysisPanel {
  try {
    return { type: 'show', folder, record: readRun(folder).record, result: readAnalysis(folder) };
  } catch (error) {
    return { type: 'error', text: messageOf(error) };
  }
}

/** @throws Error, one line, if there is no valid result in the folder */
export function readAnalysis(folder: string): AnalysisResult {
  const file = path.join(folder, analysisFiles.result);
  const schema = v.pipe(v.string(), v.parseJson(), AnalysisResultSchema);
  const parsed = v.safeParse(schema, readFileSync(file, 'utf8'));
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new Error(`${file}: ${v.getDotPath(issue) ?? t('the whole file')}: ${issue.message}.`);
}
