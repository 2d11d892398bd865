/** @file The run folders of a workspace, read and validated. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';

import { writeJsonAtomically } from '../../common/atomic-file';
import { messageOf } from '../../common/errors';
import { isHeld } from '../../common/run-lock';
import {
  type ContextDependence,
  ContextDependenceSchema,
  runFiles,
  runFolderName,
  type RunRecord,
  RunRecordSchema,
  runsFolder,
} from '../../protocol/artifacts';

export interface Run {
  /** Absolute path of the run folder. */
  folder: string;
  /** Name of the run folder, which starts with the UTC time. */
  id: string;
  record: RunRecord;
}

/**
 * The runs of a workspace folder, newest first. A folder without `run.json` is no run.
 * @param warn told about each run that cannot be read: one line
 */
export function listRuns(workspaceFolder: string, warn: (line: string) => void): Run[] {
  const parent = path.join(workspaceFolder, runsFolder);
  const runs: Run[] = [];
  for (const id of namesIn(parent).sort().reverse()) {
    const folder = path.join(parent, id);
    try {
      const record = readJson(path.join(folder, runFiles.run), RunRecordSchema);
      if (record) runs.push({ folder, id, record });
    } catch (error) {
      warn(messageOf(error));
    }
  }
  return runs;
}

/**
 * Changes whenever a run of a workspace folder comes, goes, or one of its files is written.
 * @param files names of those files in a run folder
 */
export function runsStamp(workspaceFolder: string, files: readonly string[]): string {
  const parent = path.join(workspaceFolder, runsFolder);
  const written = (run: string, file: string): string => {
    const found = statSync(path.join(parent, run, file), { throwIfNoEntry: false });
    return found ? `${found.mtimeMs} ${found.size}` : '';
  };
  return namesIn(parent)
    .sort()
    .map(run => [run, ...files.map(file => written(run, file))].join('|'))
    .join('\n');
}

/** @throws Error, one line, when the folder is no run or its record is not valid */
export function readRun(folder: string): Run {
  const file = path.join(folder, runFiles.run);
  const record = readJson(file, RunRecordSchema);
  if (!record) throw new Error(`${file}: missing.`);
  return { folder, id: path.basename(folder), record };
}

/** The newest finished run that has what the Experts view shows. */
export function newestFinishedRun(runs: readonly Run[]): Run | undefined {
  return runs.find(
    run => run.record.status === 'done' && namesIn(run.folder).includes(runFiles.contextDependence),
  );
}

/** @throws Error, one line, when the file is missing or not valid */
export function readContextDependence(run: Run): ContextDependence {
  const file = path.join(run.folder, runFiles.contextDependence);
  const result = readJson(file, ContextDependenceSchema);
  if (!result) throw new Error(`${file}: missing.`);
  return result;
}

/**
 * Lets a job work in a new run folder. It is there before the job begins, so that no other job gets it, not one of
 * another window either; it goes if the job wrote nothing.
 */
export async function inNewRunFolder<T>(
  workspaceFolder: string,
  job: string,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = makeRunFolder(workspaceFolder, job, new Date());
  try {
    return await work(folder);
  } finally {
    if (existsSync(folder) && namesIn(folder).length === 0) rmdirSync(folder);
  }
}

/** Makes `<UTC time>-<job>`, with a number when several jobs start within a second. @returns its absolute path */
export function makeRunFolder(workspaceFolder: string, job: string, now: Date): string {
  const parent = path.join(workspaceFolder, runsFolder);
  mkdirSync(parent, { recursive: true });
  const taken = new Set(namesIn(parent));
  const base = runFolderName(job, now);
  let name = base;
  for (let number = 2; taken.has(name); number++) name = `${base}-${number}`;
  const folder = path.join(parent, name);
  mkdirSync(folder);
  return folder;
}

/**
 * Tidies up after a job whose process died: a run that can be resumed is marked as failed, everything else is removed.
 * A run that another process writes is left to it.
 * @param cause one line for `run.json`
 * @returns whether the run can be resumed
 */
export function closeCrashedRun(folder: string, cause: string): boolean {
  if (isHeld(folder)) return false;
  const file = path.join(folder, runFiles.run);
  const record = readJson(file, RunRecordSchema);
  if (record && hasTrainingState(folder)) {
    const failed: RunRecord = {
      ...record,
      status: 'failed',
      error: cause,
      finished: new Date().toISOString(),
    };
    writeJsonAtomically(file, failed);
    return true;
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  return false;
}

/** Whether a run that ended early can go on now: another window, or the command line, may be at it already. */
export function isResumable(folder: string): boolean {
  return hasTrainingState(folder) && !isHeld(folder);
}

/** A run that ended early can go on from a state. */
export function hasTrainingState(folder: string): boolean {
  return namesIn(path.join(folder, runFiles.checkpoint)).some(name => name.endsWith('.safetensors'));
}

/** @returns nothing when the file is missing */
function readJson<S extends v.GenericSchema>(file: string, schema: S): v.InferOutput<S> | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  const parsed = v.safeParse(schema, parseJson(text, file));
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new Error(`${file}: ${v.getDotPath(issue) ?? 'whole file'}: ${issue.message}.`);
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${file}: not JSON: ${messageOf(error)}`, { cause: error });
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
