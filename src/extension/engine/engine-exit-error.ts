/** @file How the end of the engine's process is told. */
import { t } from '@vscode/l10n';

/** The worker process ended by itself. One line; the last lines that it printed itself, not its jobs' messages, are in `output`. */
export class EngineExitError extends Error {
  override readonly name = 'EngineExitError';

  constructor(
    cause: string,
    readonly output: readonly string[],
  ) {
    super(t('The engine stopped: {0}.', cause));
  }
}

/** It was stopped on purpose. */
export function restarted(output: readonly string[]): EngineExitError {
  return new EngineExitError(t('it was restarted'), output);
}
