/** @file What VS Code loads: the way to the extension, so that loading it is timed, too. */
import type * as vscode from 'vscode';

import { now } from './activation-time';
import type { RouterLensApi } from './extension';

export async function activate(context: vscode.ExtensionContext): Promise<RouterLensApi> {
  const begun = now();
  const extension = await import('./extension');
  return extension.activate(context, begun);
}
