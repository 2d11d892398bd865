/** @file Deletes runs: to the trash, after asking, never one that runs. */
import path from 'node:path';

import { t } from '@vscode/l10n';
import * as v from 'valibot';
import * as vscode from 'vscode';

import { InputError } from '../../common/errors';
import { checkNotHeld } from '../../common/run-lock';
import { runsFolder } from '../../protocol/artifacts';
import { allFolders } from '../workspace/workspace';

/** A caller with options has asked the user itself. */
export const DeleteRunOptionsSchema = v.object({
  run: v.string(),
  /** Where there is no trash. */
  permanently: v.optional(v.boolean(), false),
});

/**
 * @param folders of runs
 * @returns whether they are gone; not if the user thought better of it
 * @throws InputError if a process, of this window or another, writes one of them
 */
export async function deleteRuns(folders: readonly string[]): Promise<boolean> {
  checkDeletable(folders);
  const question =
    folders.length === 1
      ? t('Delete the run “{0}” with all its files?', path.basename(folders[0]))
      : t('Delete {0} runs with all their files?', folders.length);
  const toTrash = t('Move to Trash');
  const detail = t('You can restore them from the trash.');
  if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, toTrash)) !== toTrash)
    return false;
  try {
    for (const folder of folders) await remove(folder, false);
    return true;
  } catch (error) {
    if (!(error instanceof vscode.FileSystemError)) throw error;
    return deletePermanently(folders, error.message);
  }
}

/** Without asking. @throws InputError if it runs, or there is no trash and it is not to be deleted permanently */
export async function deleteRun({
  run,
  permanently,
}: v.InferOutput<typeof DeleteRunOptionsSchema>): Promise<void> {
  checkDeletable([run]);
  await remove(run, permanently);
}

/** Servers mostly have no trash. */
async function deletePermanently(folders: readonly string[], reason: string): Promise<boolean> {
  const there = folders.filter(folder => isRunFolder(folder));
  const action = t('Delete Permanently');
  const question = t('They cannot be moved to the trash. Delete them permanently?');
  const options = { modal: true, detail: `${t('This cannot be undone.')}\n${reason}` };
  if ((await vscode.window.showWarningMessage(question, options, action)) !== action) return false;
  for (const folder of there) await remove(folder, true);
  return true;
}

function checkDeletable(folders: readonly string[]): void {
  for (const folder of folders) {
    if (!isRunFolder(folder))
      throw new InputError(t('{0} is not the folder of a run of this workspace.', folder));
    checkNotHeld(folder); // says which process of which machine writes it
  }
}

/** Nothing else is ever deleted. */
function isRunFolder(folder: string): boolean {
  return allFolders().some(root => path.dirname(path.resolve(folder)) === path.join(root, runsFolder));
}

async function remove(folder: string, permanently: boolean): Promise<void> {
  const options = { recursive: true, useTrash: !permanently };
  await vscode.workspace.fs.delete(vscode.Uri.file(folder), options);
}
