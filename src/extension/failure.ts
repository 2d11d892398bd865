/** @file How failures reach the user: their own mistakes in one line, bugs with the way to the log. */
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';

import { CancelledError, InputError, messageOf } from '../common/errors';
import { TooManyCrashesError } from './engine/engine';
import { EngineExitError } from './engine/engine-exit-error';
import { commands } from './manifest';

/** Shows the error as a notification, without waiting for an answer. A crash of the engine was already told. */
export function showFailure(error: unknown, log: vscode.LogOutputChannel): void {
  if (error instanceof CancelledError || error instanceof EngineExitError) return;
  if (error instanceof TooManyCrashesError) {
    const actions = { [t('Restart Engine')]: commands.restartEngine, [t('Show Log')]: commands.showLog };
    void offer(error.message, actions);
    return;
  }
  if (error instanceof InputError) {
    log.warn(error.message);
    void vscode.window.showErrorMessage(error.message);
    return;
  }
  log.error(error instanceof Error ? (error.stack ?? error.message) : messageOf(error));
  void offer(t('Router Lens failed: {0}', messageOf(error)), { [t('Show Log')]: commands.showLog });
}

/** An error message with buttons that run commands. */
export async function offer(message: string, actions: Record<string, string>): Promise<void> {
  const chosen = await vscode.window.showErrorMessage(message, ...Object.keys(actions));
  if (chosen) await vscode.commands.executeCommand(actions[chosen]);
}

/** Says why the engine ended, and what can be done. */
export function offerAfterCrash({ message, output }: EngineExitError): Promise<void> {
  const last = output.at(-1);
  return offer(last === undefined ? message : t('{0} Last in its log: {1}', message, last), {
    [t('Show Log')]: commands.showLog,
    [t('Restart Engine')]: commands.restartEngine,
  });
}
