/** @file What VS Code loads: the way to the start, so that loading it is timed, too. */
import type * as vscode from 'vscode';

import { now } from './activation-time';
import type { RouterLensApi } from './start';

export async function activate(context: vscode.ExtensionContext): Promise<RouterLensApi> {
  const begun = now();
  const { start } = await import('./start');
  return start(context, begun);
}
