/** @file Shows a table of a run folder. */
import { existsSync } from 'node:fs';
import path from 'node:path';

import { t } from '@vscode/l10n';
import * as vscode from 'vscode';

import { InputError } from '../../common/errors';

/** @throws InputError if the table is not there */
export async function openTable(folder: string, name: string): Promise<void> {
  const file = path.join(folder, name);
  if (!existsSync(file))
    throw new InputError(t('{0} is missing: the job has not ended. Run it again.', file));
  await vscode.window.showTextDocument(vscode.Uri.file(file), { preview: true });
}
