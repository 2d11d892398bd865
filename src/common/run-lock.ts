/** @file The lock of a run folder: one process writes a run at a time, and others can see whether it still lives. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
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

/** Milliseconds that it takes at most to write a lock that was made. */
const momentary = 10_000;

/** Whether a process writes the run. One that says that it runs but is not held was interrupted. */
export function isHeld(folder: string): boolean {
  const file = path.join(folder, runLockFile);
  const lock = readLock(file);
  return lock !== undefined && isAlive(lock, file);
}

/** @throws InputError if a process writes the run */
export function checkNotHeld(folder: string): void {
  checkHolder(path.join(folder, runLockFile));
}

/**
 * Locks a run folder for this process. The lock of a process that has died is taken over.
 * @returns unlocks it
 * @throws InputError if a process, this one included, writes the run
 */
export function lockRun(folder: string): () => void {
  const own: RunLock = { pid: process.pid, host: thisHost(), started: startOf(process.pid) };
  const file = path.join(folder, runLockFile);
  acquire(file, own);
  return () => {
    if (isSame(readLock(file), own)) rmSync(file, { force: true });
  };
}

/**
 * Makes a lock, or puts one in the place of a dead one. Who replaces a lock first acquires a claim, which is a lock,
 * too, and named by the one that it replaces: of several processes that find that one dead, one gets the claim, and
 * who gets it later finds another lock than the one it came for. A claim is never removed while it may count, so one
 * whose process died is replaced in the same way.
 */
function acquire(file: string, own: RunLock): void {
  if (tryToCreate(file, own)) return;
  const dead = checkReplaceable(file);
  const claim = `${file}.${digestOf(dead)}`;
  acquire(claim, own);
  try {
    if (!isSame(checkReplaceable(file), dead)) throw justBegun(file);
    writeJsonAtomically(file, own);
  } finally {
    rmSync(claim, { force: true });
  }
  removeClaims(file);
}

/** @returns whether the lock could be made: of several processes that try at once one can */
function tryToCreate(file: string, own: RunLock): boolean {
  try {
    writeFileSync(file, JSON.stringify(own), { flag: 'wx' });
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
  // A process that slept between making the file and writing it may have been taken for dead.
  if (!isSame(readLock(file), own)) throw justBegun(file);
  return true;
}

/**
 * @returns the lock of the process that died; undefined: it died before it wrote one
 * @throws InputError if the process lives, or may still be about to write its lock
 */
function checkReplaceable(file: string): RunLock | undefined {
  const lock = checkHolder(file);
  const changed = lastChangeOf(file);
  const isLeft = lock !== undefined || (changed > 0 && Date.now() - changed > momentary);
  if (!isLeft) throw justBegun(file);
  return lock;
}

/**
 * @returns the lock, if its process has died
 * @throws InputError if it lives
 */
function checkHolder(file: string): RunLock | undefined {
  const lock = readLock(file);
  if (!lock || !isAlive(lock, file)) return lock;
  const elsewhere = lock.host === thisHost() ? '' : ` If that process has ended, delete the file ${file}.`;
  throw new InputError(
    `${path.dirname(file)}: process ${lock.pid} on ${lock.host} is writing this run. Wait until it has ended.${elsewhere}`,
  );
}

/** Short for use in the name of a file; no two processes have the same lock. */
function digestOf(lock: RunLock | undefined): string {
  return createHash('sha256')
    .update(JSON.stringify(lock ?? null))
    .digest('hex')
    .slice(0, 8);
}

/** What processes that died while they took a lock over have left: it counts no more once the lock has a new holder. */
function removeClaims(file: string): void {
  const folder = path.dirname(file);
  for (const name of readdirSync(folder)) {
    if (name.startsWith(`${path.basename(file)}.`)) rmSync(path.join(folder, name), { force: true });
  }
}

function justBegun(file: string): InputError {
  return new InputError(
    `${path.dirname(file)}: another process has just begun to write this run. Wait until it has ended.`,
  );
}

/** undefined: there is none, or it was never written to its end, and its process died with that. */
function readLock(file: string): RunLock | undefined {
  try {
    const text = readFileSync(file, 'utf8');
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

function isAlive({ pid, host, started }: RunLock, file: string): boolean {
  if (host !== thisHost()) return Date.now() - lastChange(file) < trustedElsewhere;
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

/** The last change of a lock or of the run. */
function lastChange(file: string): number {
  const folder = path.dirname(file);
  // Who tries to take a lock over changes nothing of the run.
  const names = readdirSync(folder).filter(name => !name.startsWith(`${runLockFile}.`));
  return Math.max(lastChangeOf(file), ...names.map(name => lastChangeOf(path.join(folder, name))));
}

/** 0 for a file that is not there. */
function lastChangeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
