/** @file Runs the bundled command line as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';

const cli = path.resolve(import.meta.dirname, '../../dist/cli.js');

export interface CliResult {
  /** Exit code; null if a signal ended the process. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * @param onStderr is given all that was written to stderr so far, whenever there is more
 * @param cwd working directory; default: this process's
 */
export function runCli(
  args: readonly string[],
  onStderr?: (stderr: string, child: ChildProcess) => void,
  cwd?: string,
): Promise<CliResult> {
  return startCli(args, onStderr, cwd).result;
}

/** The same, for those who have to do with the process while it runs. */
export function startCli(
  args: readonly string[],
  onStderr?: (stderr: string, child: ChildProcess) => void,
  cwd?: string,
): { readonly child: ChildProcess; readonly result: Promise<CliResult> } {
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'], cwd });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    onStderr?.(stderr, child);
  });
  const result = new Promise<CliResult>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', code => resolve({ code, stdout, stderr }));
  });
  return { child, result };
}
