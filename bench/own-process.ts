/** @file Runs a case in a process of its own, so that no case counts another's memory or finds its sessions. */
import { spawnSync } from 'node:child_process';

import * as v from 'valibot';

import { type BenchResult, BenchResultSchema, type BenchSettings } from './bench-case';
import { type Machine, MachineSchema } from './machine';

const PrintedSchema = v.object({ result: BenchResultSchema, machine: MachineSchema });

/** @throws Error if the process fails; its own message is on stderr */
export function runInOwnProcess(
  name: string,
  { repeats, threads, folder, python }: BenchSettings,
): { result: BenchResult; machine: Machine } {
  console.error(`${name} …`);
  const { status, signal, stdout } = spawnSync(
    process.execPath,
    [
      process.argv[1],
      ...['--case', name, '--repeats', String(repeats), '--threads', String(threads), '--json'],
      ...(folder === undefined ? [] : ['--folder', folder]),
      ...(python === undefined ? [] : ['--python', python]),
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  if (status !== 0) throw new Error(`Case ${name} ended with ${status ?? signal}.`);
  const { machine, ...result } = JSON.parse(stdout.trimEnd().split('\n').pop() ?? '') as Record<
    string,
    unknown
  >;
  return v.parse(PrintedSchema, { result, machine });
}
