/** @file Steps whose results are kept, so that an interrupted reproduction goes on where it was. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';

import { writeJsonAtomically } from '../src/common/atomic-file';

const StepSchema = v.object({ settings: v.unknown(), seconds: v.number() });

/** Written last into the folder of a step: it says that the step is done. */
const doneFile = 'step.json';

export class Steps {
  /** Seconds that the steps took when they ran, those kept from before included. */
  seconds = 0;
  private readonly asked = new Set<string>();

  /**
   * @param folder holds a folder for each step
   * @param identity of all that steps depend on beside their settings
   * @param log is given a line for each step
   */
  constructor(
    private readonly folder: string,
    private readonly identity: string,
    private readonly log: (line: string) => void,
  ) {}

  /**
   * Runs a step, unless it was finished before with the same settings. What an interrupted one has left is removed.
   * A step that is asked for again counts once.
   * @param work writes its results into the folder that it is given
   * @returns the folder
   */
  async run(name: string, settings: unknown, work: (folder: string) => Promise<unknown>): Promise<string> {
    const key = hashOf([this.identity, settings]).slice(0, 12);
    const folder = path.join(this.folder, `${name}-${key}`);
    if (this.asked.has(folder)) return folder;
    const done = path.join(folder, doneFile);
    const isKept = existsSync(done);
    if (!isKept) await runAnew(folder, done, settings, work);
    const { seconds } = v.parse(StepSchema, JSON.parse(readFileSync(done, 'utf8')));
    this.asked.add(folder);
    this.seconds += seconds;
    const minutes = (this.seconds / 60).toFixed(1).padStart(5);
    this.log(`${minutes} min  ${name}, ${seconds.toFixed(1)} s${isKept ? ', kept from before' : ''}`);
    return folder;
  }
}

async function runAnew(
  folder: string,
  done: string,
  settings: unknown,
  work: (folder: string) => Promise<unknown>,
): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const started = performance.now();
  await work(folder);
  writeJsonAtomically(done, { settings, seconds: (performance.now() - started) / 1000 });
}

/** SHA-256 of the names and contents of files, and of all files directly in folders. */
export function contentHash(paths: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of paths.flatMap(filesAt)) {
    const content = readFileSync(file);
    hash.update(`${path.basename(file)} ${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

function filesAt(place: string): string[] {
  if (!statSync(place).isDirectory()) return [place];
  return readdirSync(place, { withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(({ name }) => path.join(place, name))
    .sort();
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
