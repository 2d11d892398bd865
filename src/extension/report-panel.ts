/** @file Shows the report of a run. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { t } from '@vscode/l10n';
import * as vscode from 'vscode';

import { InputError } from '../common/errors';
import { runFiles } from '../protocol/artifacts';
import { panels } from './manifest';
import { reportPage } from './report-page';
import { tabIcon } from './tab-icon';
import type { Run } from './workspace/runs';

/** @throws InputError when there is no run or it has no report */
export async function openReport(run: Run | undefined, extensionUri: vscode.Uri): Promise<void> {
  if (!run)
    throw new InputError(t('There is no finished run: run “Identify Context-Faithful Experts” first.'));
  const file = path.join(run.folder, runFiles.report);
  const html = await readFile(file, 'utf8').catch(() => {
    throw new InputError(t('{0} is missing: identify the experts again to get a report.', file));
  });
  const scripts = vscode.workspace.isTrusted;
  const panel = vscode.window.createWebviewPanel(
    panels.report,
    t('Report: {0}', run.record.model.name),
    vscode.ViewColumn.Active,
    { enableScripts: scripts, enableFindWidget: true, localResourceRoots: [] },
  );
  panel.iconPath = tabIcon(extensionUri);
  panel.webview.html = reportPage(html, scripts);
}
