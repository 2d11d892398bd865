/** @file Jobs as progress notifications that can be cancelled. */
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';

import type { JobHooks } from '../protocol/jobs';
import { progressText } from './progress-text';

/**
 * Runs `job` under a notification; its progress is shown there and its Cancel button aborts the signal.
 * @param outside cancels it, too
 */
export function withJobProgress<T>(
  title: string,
  job: (hooks: JobHooks) => Promise<T>,
  outside?: AbortSignal,
): Thenable<T> {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return vscode.window.withProgress(options, async (notification, token) => {
    const controller = new AbortController();
    const subscription = token.onCancellationRequested(() => controller.abort());
    let shown = 0;
    notification.report({ message: t('waiting for the engine') });
    try {
      return await job({
        signal: outside ? AbortSignal.any([controller.signal, outside]) : controller.signal,
        progress: progress => {
          const percent = 100 * progress.fraction;
          notification.report({ message: progressText(progress), increment: Math.max(0, percent - shown) });
          shown = Math.max(shown, percent);
        },
      });
    } finally {
      subscription.dispose();
    }
  });
}
