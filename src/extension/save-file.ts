/** @file Saves a picture or a table of a page where the user wants it. */
import path from 'node:path';

import { t } from '@vscode/l10n';
import * as vscode from 'vscode';

import type { SavedType, SaveFileMessage } from '../protocol/save-file';
import { allFolders } from './workspace/workspace';

const kinds: Record<SavedType, { name: string; ending: string }> = {
  'image/png': { name: 'PNG', ending: 'png' },
  'image/svg+xml': { name: 'SVG', ending: 'svg' },
  'text/csv': { name: 'CSV', ending: 'csv' },
};

/**
 * Asks for the place, writes the file and offers to open it.
 * @param folder where the dialog begins; default: the first workspace folder
 * @returns the file; nothing when the user leaves the dialog
 */
export async function saveFile(
  { name, mime, data }: SaveFileMessage,
  folder: string | undefined = allFolders().at(0),
): Promise<vscode.Uri | undefined> {
  const { name: kind, ending } = kinds[mime];
  const target = await vscode.window.showSaveDialog({
    title: t('Save {0}', kind),
    filters: { [kind]: [ending] },
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.file(path.join(folder, name)) }),
  });
  if (!target) return undefined;
  await vscode.workspace.fs.writeFile(target, Buffer.from(data, mime === 'image/png' ? 'base64' : 'utf8'));
  void offerToOpen(target);
  return target;
}

async function offerToOpen(file: vscode.Uri): Promise<void> {
  const open = t('Open');
  const said = t('{0} is saved.', path.basename(file.fsPath));
  if ((await vscode.window.showInformationMessage(said, open)) === open)
    await vscode.commands.executeCommand('vscode.open', file);
}
