/** @file Open the demo: a copy of the bundled workspace, where the user wants it. */
import { existsSync, readFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import path from 'node:path';

import { t } from '@vscode/l10n';
import * as vscode from 'vscode';

import { InputError } from '../common/errors';
import { commands } from './manifest';
import { allFolders } from './workspace/workspace';

const folderName = 'router-lens-demo';

/** @param bundled the extension's `demo` folder */
export async function openDemo(bundled: string): Promise<void> {
  if (allFolders().some(folder => isDemo(folder, bundled))) {
    const action = t('Identify Experts');
    const text = t(
      'This is the demo. First identify the experts, then open a file of “prompts” and trace it.',
    );
    // The command does not wait for the answer.
    void vscode.window.showInformationMessage(text, action).then(chosen => {
      if (chosen === action) return vscode.commands.executeCommand(commands.identify);
    });
    return;
  }
  const [parent] =
    (await vscode.window.showOpenDialog({
      ...{ canSelectFolders: true, canSelectFiles: false },
      title: t('Where to put the folder “{0}”', folderName),
      openLabel: t('Put the Demo Here'),
    })) ?? [];
  if (!parent) return;
  const folder = await copyDemo(bundled, parent.fsPath);
  const forceNewWindow = allFolders().length > 0;
  await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(folder), { forceNewWindow });
}

/** A demo that is there already is opened as it is. @returns the copy */
async function copyDemo(bundled: string, parent: string): Promise<string> {
  const target = path.join(parent, folderName);
  if (isDemo(target, bundled)) return target;
  if (existsSync(target))
    throw new InputError(t('{0} exists and is not the demo: choose another place or remove it.', target));
  // Results of somebody who worked in the bundled folder itself stay there.
  await cp(bundled, target, { recursive: true, filter: source => path.basename(source) !== '.router-lens' });
  return target;
}

/** A copy of the demo has its README. */
function isDemo(folder: string, bundled: string): boolean {
  const [readme, original] = [folder, bundled].map(parent => path.join(parent, 'README.md'));
  return existsSync(readme) && existsSync(original) && readFileSync(readme).equals(readFileSync(original));
}
