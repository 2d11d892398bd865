/** @file The lock of a run folder: one process writes a run at a time, and others can see whether it still lives. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';

import * as v from 'valibot';

import { InputError } from './errors';

/** In the run folder, while a process writes the run. */
export const runLockFile = 'lock';

const RunLockSchema = v.object({
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  host: v.string(),
  /** When the process started, in the system's own words: tells it from a later one with the same number. */
  started: v.string(),
});
type RunLock = v.InferOutput<typeof RunLockSchema>;

/** Whether a process elsewhere lives cannot be seen: it is believed to, as long as its folder changed within a day. */
const trustedElsewhere = 24 * 3600 * 1000;

/** A lock is written as soon as it is made; one that is not after these milliseconds never will be. */
const unwrittenFor = 10_000;

/** Whether a process writes the run. One that says that it runs but is not held was interrupted. */
export function isHeld(folder: string): boolean {
  const lock = readLock(folder);
  return lock !== undefined && isAlive(lock, folder);
}

/** @throws InputError if a process writes the run */
export function checkNotHeld(folder: string): void {
  const lock = readLock(folder);
  if (!lock || !isAlive(lock, folder)) return;
  const elsewhere =
    lock.host === thisHost()
      ? ''
      : ` If that process has ended, delete the file ${path.join(folder, runLockFile)}.`;
  throw new InputError(
    `${folder}: process ${lock.pid} on ${lock.host} is writing this run. Wait until it has ended.${elsewhere}`,
  );
}

/**
 * Locks a run folder for this process. The lock of a process that has died is taken over.
 * @returns unlocks it
 * @throws InputError if a process, this one included, writes the run
 */
export function lockRun(folder: string): () => void {
  removeDeadLock(folder);
  const own: RunLock = { pid: process.pid, host: thisHost(), started: startOf(process.pid) };
  const file = path.join(folder, runLockFile);
  try {
    // Fails if it is there: of two processes that come here at once, one gets the lock.
    const handle = openSync(file, 'wx');
    try {
      writeSync(handle, `${JSON.stringify(own)}\n`);
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    checkNotHeld(folder);
    throw justBegun(folder);
  }
  return () => {
    if (isSame(readLock(folder), own)) rmSync(file, { force: true });
  };
}

function justBegun(folder: string): InputError {
  return new InputError(
    `${folder}: another process has just begun to write this run. Wait until it has ended.`,
  );
}

/** Takes the lock of a dead process out of the way. @throws InputError if its process lives */
function removeDeadLock(folder: string): void {
  checkNotHeld(folder);
  const file = path.join(folder, runLockFile);
  const dead = readLock(folder);
  if (!dead && Date.now() - lastChangeOf(file) < unwrittenFor) throw justBegun(folder);
  const aside = `${file}.${process.pid}.tmp`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  // Another process may have done the same a moment before, and what was moved is its new lock.
  const moved = parseLock(readFileSync(aside, 'utf8'));
  if (!isSame(moved, dead)) {
    renameSync(aside, file);
    checkNotHeld(folder);
  }
  rmSync(aside, { force: true });
}

/** undefined: there is none, or it was never written to its end, and its process died with that. */
function readLock(folder: string): RunLock | undefined {
  try {
    return parseLock(readFileSync(path.join(folder, runLockFile), 'utf8'));
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined;
    throw error;
  }
}

function parseLock(text: string): RunLock | undefined {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), RunLockSchema), text);
  return parsed.success ? parsed.output : undefined;
}

function isSame(a: RunLock | undefined, b: RunLock | undefined): boolean {
  return a?.pid === b?.pid && a?.host === b?.host && a?.started === b?.started;
}

function isAlive({ pid, host, started }: RunLock, folder: string): boolean {
  if (host !== thisHost()) return Date.now() - lastChange(folder) < trustedElsewhere;
  try {
    // Signal 0 only asks whether there is such a process.
    process.kill(pid, 0);
  } catch (error) {
    // It is there, but another user's.
    if (!hasCode(error, 'EPERM')) return false;
  }
  return startOf(pid) === started;
}

/** Windows and the Linux in it have one name, but not the same processes. */
function thisHost(): string {
  return `${hostname()} (${process.platform})`;
}

/** When a process started; empty where the system does not tell without a long search, or there is no such process. */
function startOf(pid: number): string {
  try {
    if (process.platform === 'linux') {
      // Field 22, in ticks since the system started; field 2, in brackets, may hold anything.
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    }
    if (process.platform === 'darwin')
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    // Without it, the number of the process has to do.
  }
  return '';
}

function lastChange(folder: string): number {
  return Math.max(0, ...readdirSync(folder).map(name => lastChangeOf(path.join(folder, name))));
}

/** 0 for a file that is not there. */
function lastChangeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
