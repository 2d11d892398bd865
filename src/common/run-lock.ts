/** @file The lock of a run folder: one process writes a run at a time, and others can see whether it still lives. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';

import * as v from 'valibot';

import { writeJsonAtomically } from './atomic-file';
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

/** Milliseconds that it takes at most to write a lock that was made, or to take one over. */
const momentary = 10_000;

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
  const own: RunLock = { pid: process.pid, host: thisHost(), started: startOf(process.pid) };
  const file = path.join(folder, runLockFile);
  if (!createdFile(file, JSON.stringify(own))) takeOver(folder, own);
  return () => {
    if (isSame(readLock(folder), own)) rmSync(file, { force: true });
  };
}

/**
 * Puts a lock in the place of a dead one. Of several processes that find it at once one gets the claim; who gets it
 * later finds the lock of a process that lives.
 */
function takeOver(folder: string, own: RunLock): void {
  checkNotHeld(folder);
  const file = path.join(folder, runLockFile);
  const claim = `${file}.claim`;
  if (Date.now() - lastChangeOf(claim) > momentary) rmSync(claim, { force: true });
  if (!createdFile(claim, '')) throw justBegun(folder);
  try {
    checkNotHeld(folder);
    const isDead = readLock(folder) !== undefined || isLeftUnwritten(file);
    if (!isDead) throw justBegun(folder);
    writeJsonAtomically(file, own);
  } finally {
    rmSync(claim, { force: true });
  }
}

/** A lock without content whose process died before it wrote any. */
function isLeftUnwritten(file: string): boolean {
  const changed = lastChangeOf(file);
  return changed > 0 && Date.now() - changed > momentary;
}

/** Whether the file could be made: of several processes that try at once one can. */
function createdFile(file: string, content: string): boolean {
  try {
    writeFileSync(file, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

function justBegun(folder: string): InputError {
  return new InputError(
    `${folder}: another process has just begun to write this run. Wait until it has ended.`,
  );
}

/** undefined: there is none, or it was never written to its end, and its process died with that. */
function readLock(folder: string): RunLock | undefined {
  try {
    const text = readFileSync(path.join(folder, runLockFile), 'utf8');
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), RunLockSchema), text);
    return parsed.success ? parsed.output : undefined;
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined;
    throw error;
  }
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
      // Field 22, in ticks since the system started; field 2, in brackets, may hold anything; field 3 is the state.
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      // A zombie has ended; only its parent has not looked yet.
      return fields[0] === 'Z' ? '' : fields[19];
    }
    if (process.platform === 'darwin')
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    // Without it, the number of the process has to do.
  }
  return '';
}

function lastChange(folder: string): number {
  // Who tries to take a lock over changes nothing of the run.
  const names = readdirSync(folder).filter(name => !name.startsWith(`${runLockFile}.`));
  return Math.max(0, ...names.map(name => lastChangeOf(path.join(folder, name))));
}

/** 0 for a file that is not there. */
function lastChangeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
