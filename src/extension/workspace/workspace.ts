/** @file The opened workspace: its folders, whether it is trusted, its settings. */
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';

import { InputError } from '../../common/errors';
import { configurationSection } from '../manifest';
import type { SettingReader } from '../settings';

/** Where runs are written: the first folder. @throws InputError without one */
export function mainFolder(): string {
  const [first] = vscode.workspace.workspaceFolders ?? [];
  if (!first)
    throw new InputError(
      t('No folder is open: open the folder that holds your model and data, or the demo.'),
    );
  return first.uri.fsPath;
}

/** Paths of all workspace folders. */
export function allFolders(): string[] {
  return (vscode.workspace.workspaceFolders ?? []).map(folder => folder.uri.fsPath);
}

/** To be called by everything that starts the engine. @throws InputError in Restricted Mode */
export function requireTrust(): void {
  if (!vscode.workspace.isTrusted)
    throw new InputError(
      t('This workspace is not trusted: trust it to run models. Existing results can be viewed.'),
    );
}

/** Settings of the main folder. */
export function settingReader(): SettingReader {
  const [first] = vscode.workspace.workspaceFolders ?? [];
  const configuration = vscode.workspace.getConfiguration(configurationSection, first);
  return name => configuration.get(name);
}

/** A path as people write it: relative to its workspace folder when it lies in one. */
export function shortPath(file: string): string {
  return vscode.workspace.asRelativePath(file, allFolders().length > 1);
}
