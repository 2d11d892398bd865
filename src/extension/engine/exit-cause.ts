/** @file Why a worker process ended, in words that help. */

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
  if (signal === 'SIGKILL') return 'killed (SIGKILL) – possibly out of memory';
  if (signal && nativeCrashSignals.includes(signal)) return `native crash (${signal})`;
  if (signal) return `ended by signal ${signal}`;
  if (code === killedCode) return `killed (exit code ${code}) – possibly out of memory`;
  if (code !== null && nativeCrashCodes.includes(code)) return `native crash (exit code ${code})`;
  return `exit code ${code ?? 'unknown'}`;
}
