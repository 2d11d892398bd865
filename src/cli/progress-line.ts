/** @file Progress on stderr: a bar on a terminal, plain lines otherwise. Ctrl-C cancels the job. */
import type { JobHooks, Progress } from '../protocol/jobs';

const barWidth = 24;
/** Without a terminal a line is printed at most this often. */
const linesEveryMilliseconds = 5000;

/** Runs a job with hooks that report to stderr. */
export async function withProgress<T>(job: (hooks: JobHooks) => Promise<T>): Promise<T> {
  const terminal = process.stderr.isTTY;
  const controller = new AbortController();
  const cancel = (): void => controller.abort();
  let [lastPhase, lastPrinted] = ['', 0];
  process.once('SIGINT', cancel);
  try {
    return await job({
      signal: controller.signal,
      log: line => process.stderr.write(`${terminal ? '\r\x1b[K' : ''}${line}\n`),
      progress: progress => {
        if (terminal) {
          process.stderr.write(`\r\x1b[K${bar(progress)}`);
          return;
        }
        const now = Date.now();
        if (progress.phase === lastPhase && now - lastPrinted < linesEveryMilliseconds) return;
        [lastPhase, lastPrinted] = [progress.phase, now];
        process.stderr.write(`${plainLine(progress)}\n`);
      },
    });
  } finally {
    process.removeListener('SIGINT', cancel);
    if (terminal) process.stderr.write('\r\x1b[K');
  }
}

function bar(progress: Progress): string {
  const filled = Math.round(progress.fraction * barWidth);
  return `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${plainLine(progress)}`;
}

function plainLine({ fraction, phase, detail, eta_seconds }: Progress): string {
  const left = eta_seconds === undefined ? '' : ` · ${duration(eta_seconds)} left`;
  return `${String(Math.floor(fraction * 100)).padStart(3)} % ${phase}${detail ? ` · ${detail}` : ''}${left}`;
}

/** Rounded up to whole seconds first, so that no line says "60 s". */
export function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
