/** @file Locks of run folders: one process at a time; the dead, the reborn and those elsewhere. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { scratchFolder } from '../../test/helpers/scratch';
import { InputError } from './errors';
import { isHeld, lockRun, runLockFile } from './run-lock';

const scratch = scratchFolder();
let count = 0;
function newFolder(): string {
  const folder = path.join(scratch, `run-${count++}`);
  mkdirSync(folder);
  return folder;
}
const lockOf = (folder: string): string => path.join(folder, runLockFile);
type Content = Record<'host' | 'started', string> & { pid: number };
const content = (folder: string): Content => JSON.parse(readFileSync(lockOf(folder), 'utf8')) as Content;
const writeLock = (folder: string, lock: Content): void =>
  writeFileSync(lockOf(folder), JSON.stringify(lock));

/** Other processes that lock the folder named by their argument and say so, or why they cannot. */
const lockerScript = path.join(scratch, 'locker.cjs');
const lockerSource = `import { lockRun } from './run-lock';
  try { lockRun(process.argv[2]); console.log('locked'); } catch (error) { console.log(error.message); }
  setInterval(() => {}, 1000);`;

/** Processes that try each folder of a folder, all at the same moments, and name those that they could lock. */
const racerScript = path.join(scratch, 'racer.cjs');
const racerSource = `import { readdirSync } from 'node:fs';
  import path from 'node:path';
  import { InputError } from './errors';
  import { lockRun } from './run-lock';
  const [folder, start] = process.argv.slice(2);
  const locked = readdirSync(folder).filter((name, at) => {
    while (Date.now() < Number(start) + 4 * at);
    try { lockRun(path.join(folder, name)); return true; }
    catch (error) { if (error instanceof InputError) return false; throw error; }
  });
  console.log(JSON.stringify(locked));
  setInterval(() => {}, 1000);`;

const children: ChildProcess[] = [];
beforeAll(async () => {
  const bundle = async (contents: string, outfile: string): Promise<void> => {
    const stdin = { contents, resolveDir: import.meta.dirname, loader: 'ts' as const };
    await build({ stdin, bundle: true, platform: 'node', format: 'cjs', outfile });
  };
  await bundle(lockerSource, lockerScript);
  await bundle(racerSource, racerScript);
});
afterAll(() => children.forEach(child => child.kill('SIGKILL')));

async function startProcess(...args: string[]): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, said: line.toString().trim() };
}

const locker = (folder: string): ReturnType<typeof startProcess> => startProcess(lockerScript, folder);

/** The folder that a process left that locked it and was killed. */
async function folderOfDead(): Promise<string> {
  const folder = newFolder();
  await killed((await locker(folder)).child);
  return folder;
}

/** Lets a process take over the lock of a dead one and die right before, or right after, it gives the file its name. */
async function dieTakingOver(folder: string, when: 'before' | 'after'): Promise<void> {
  const file = path.join(scratch, `die-${when}.cjs`);
  const rename = when === 'after' ? 'renameSync(from, to); ' : '';
  const patch = `const fs = require('node:fs'); const { renameSync } = fs;
    fs.renameSync = (from, to) => { ${rename}process.kill(process.pid, 'SIGKILL'); };`;
  writeFileSync(file, `${patch}\n${readFileSync(lockerScript, 'utf8')}`);
  const before = readdirSync(folder).length;
  await once(spawn(process.execPath, [file, folder], { stdio: 'inherit' }), 'exit');
  expect(readdirSync(folder).length).toBeGreaterThan(before);
}

async function killed(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

describe('lockRun', () => {
  it('holds the folder until it is unlocked', () => {
    const folder = newFolder();
    expect(isHeld(folder)).toBe(false);
    const unlock = lockRun(folder);
    expect(isHeld(folder)).toBe(true);
    expect(content(folder).pid).toBe(process.pid);
    expect(() => lockRun(folder)).toThrow(InputError);
    expect(() => lockRun(folder)).toThrow(new RegExp(`process ${process.pid} .* is writing this run`));
    unlock();
    expect(readdirSync(folder)).toEqual([]);
    lockRun(folder)();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('keeps other processes out, until the one that holds it is killed', async () => {
    const folder = newFolder();
    const first = await locker(folder);
    expect(first.said).toBe('locked');
    expect(isHeld(folder)).toBe(true);
    expect((await locker(folder)).said).toContain(`process ${first.child.pid}`);
    expect(() => lockRun(folder)).toThrow(InputError);
    await killed(first.child);
    expect(isHeld(folder)).toBe(false);
    const unlock = lockRun(folder);
    expect((await locker(folder)).said).toContain(`process ${process.pid}`);
    unlock();
    expect(existsSync(lockOf(folder))).toBe(false);
  });

  const left = {
    'held it': folderOfDead,
    'were about to take it over': async () => {
      const folder = await folderOfDead();
      await dieTakingOver(folder, 'before');
      return folder;
    },
    'were about to take that over': async () => {
      const folder = await left['were about to take it over']();
      await dieTakingOver(folder, 'before');
      return folder;
    },
    'had just taken it over': async () => {
      const folder = await folderOfDead();
      await dieTakingOver(folder, 'after');
      return folder;
    },
  };
  it.each(Object.entries(left))(
    'lets exactly one of several in that come at once for the lock of processes that %s',
    async (_, leave) => {
      const original = await leave();
      const folders = newFolder();
      const names = Array.from({ length: 150 }, (_value, index) => String(index));
      for (const name of names) cpSync(original, path.join(folders, name), { recursive: true });
      // Enough for three processes to start.
      const start = String(Date.now() + 500);
      const racers = await Promise.all([1, 2, 3].map(() => startProcess(racerScript, folders, start)));
      const locked = racers.flatMap(({ said }) => JSON.parse(said) as string[]);
      expect(locked.sort()).toEqual(names.sort());
      for (const name of names) expect(readdirSync(path.join(folders, name))).toEqual([runLockFile]);
      expect(isHeld(path.join(folders, '0'))).toBe(true);
      await Promise.all(racers.map(({ child }) => killed(child)));
    },
  );

  it.skipIf(process.platform === 'win32')('does not take a later process with the same number for it', () => {
    const folder = newFolder();
    lockRun(folder);
    writeLock(folder, { ...content(folder), started: 'long ago' });
    expect(isHeld(folder)).toBe(false);
    lockRun(folder)();
  });

  it.runIf(process.platform === 'linux')(
    'does not take a process for alive whose parent has not looked yet',
    async () => {
      const folder = newFolder();
      // The shell becomes a process that never asks how its child ended.
      const command = `"${process.execPath}" "${lockerScript}" "${folder}" & exec sleep 1000`;
      const parent = spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'inherit'] });
      children.push(parent);
      await once(parent.stdout, 'data');
      const { pid } = content(folder);
      process.kill(pid, 'SIGKILL');
      const state = (): string => /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? '';
      await vi.waitFor(() => expect(state()).toBe('Z'), { timeout: 10_000 });
      expect(isHeld(folder)).toBe(false);
    },
  );

  it('does not remove the lock of another process', () => {
    const folder = newFolder();
    const unlock = lockRun(folder);
    const other = { ...content(folder), pid: process.ppid };
    writeLock(folder, other);
    unlock();
    expect(content(folder)).toEqual(other);
  });

  it('waits for a lock that is being written, and takes over one that never was', () => {
    const folder = newFolder();
    writeFileSync(lockOf(folder), '');
    expect(() => lockRun(folder)).toThrow('another process has just begun');
    const minuteAgo = Date.now() / 1000 - 60;
    utimesSync(lockOf(folder), minuteAgo, minuteAgo);
    lockRun(folder)();
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a process of another host', () => {
  it('is believed to live while its folder changes, and the file to delete is named', () => {
    const folder = newFolder();
    writeLock(folder, { pid: process.pid, host: 'elsewhere (linux)', started: '1' });
    expect(isHeld(folder)).toBe(true);
    expect(() => lockRun(folder)).toThrow(
      `process ${process.pid} on elsewhere (linux) is writing this run. Wait until it has ended. ` +
        `If that process has ended, delete the file ${lockOf(folder)}.`,
    );
  });

  it('is not after a day without a change', () => {
    const folder = newFolder();
    writeLock(folder, { pid: process.pid, host: 'elsewhere (linux)', started: '1' });
    const dayAgo = Date.now() / 1000 - 24 * 3600 - 60;
    utimesSync(lockOf(folder), dayAgo, dayAgo);
    expect(isHeld(folder)).toBe(false);
    writeFileSync(path.join(folder, 'metrics.jsonl'), '');
    expect(isHeld(folder)).toBe(true);
    utimesSync(path.join(folder, 'metrics.jsonl'), dayAgo, dayAgo);
    lockRun(folder)();
    expect(readdirSync(folder)).toEqual(['metrics.jsonl']);
  });
});

it('is not held without a folder', () => {
  expect(isHeld(path.join(scratch, 'none'))).toBe(false);
});
