/** @file Why a worker process ended, in words that help. */
import { t } from '@vscode/l10n';

/** How a process ended, as Node reports it. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** 128 + 9: how shells and containers report SIGKILL. */
const killedCode = 137;
/** Access violation, stack buffer overrun, illegal instruction, heap corruption (NTSTATUS); 128 + SIGABRT, SIGSEGV. */
const nativeCrashCodes = [0xc0000005, 0xc0000409, 0xc000001d, 0xc0000374, 134, 139];
const nativeCrashSignals = ['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGILL', 'SIGFPE'];

/** @returns one clause without a full stop, e.g. `killed (SIGKILL) – possibly out of memory` */
export function describeExit({ code, signal }: Exit): string {
  if (signal === 'SIGKILL') return t('killed ({0}) – possibly out of memory', 'SIGKILL');
  if (signal && nativeCrashSignals.includes(signal)) return t('native crash ({0})', signal);
  if (signal) return t('ended by signal {0}', signal);
  if (code === killedCode) return t('killed ({0}) – possibly out of memory', t('exit code {0}', code));
  if (code !== null && nativeCrashCodes.includes(code))
    return t('native crash ({0})', t('exit code {0}', code));
  return t('exit code {0}', code ?? t('unknown'));
}
