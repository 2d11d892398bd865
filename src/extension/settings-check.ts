/** @file Tells of settings that cannot be used as soon as they are written, not when a job needs them. */
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';

import { configurationSection } from './manifest';
import { settingProblems } from './settings';
import { settingReader } from './workspace/workspace';

/** Looks at the settings soon and after each change. */
export function checkSettings(): vscode.Disposable {
  let told = new Set<string>();
  const check = (): void => {
    const problems = settingProblems(settingReader());
    for (const { name, problem } of problems) if (!told.has(problem)) void tell(name, problem);
    told = new Set(problems.map(({ problem }) => problem));
  };
  const first = setImmediate(check); // it is not worth holding up the start of the window for
  return vscode.Disposable.from(
    { dispose: () => clearImmediate(first) },
    vscode.workspace.onDidChangeConfiguration(change => {
      if (change.affectsConfiguration(configurationSection)) check();
    }),
  );
}

async function tell(name: string, problem: string): Promise<void> {
  const open = t('Open Settings');
  const chosen = await vscode.window.showWarningMessage(problem, open);
  const query = `@id:${configurationSection}.${name}`;
  if (chosen === open) await vscode.commands.executeCommand('workbench.action.openSettings', query);
}
