/** @file Masked sets on disk: `.router-lens/masks/NAME.json` in the main folder. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';

import { writeJsonAtomically } from '../../common/atomic-file';
import { type MaskedSet, MaskedSetSchema } from './masked-set';

/** Relative to the workspace folder. */
export const masksFolder = '.router-lens/masks';

const FileSchema = v.pipe(v.string(), v.parseJson(), MaskedSetSchema);

export function maskFile(workspaceFolder: string, name: string): string {
  return path.join(workspaceFolder, masksFolder, `${name}.json`);
}

/**
 * The sets of a workspace folder, by name.
 * @param warn told about each file that holds none: one line
 */
export function readMasks(workspaceFolder: string, warn: (line: string) => void): MaskedSet[] {
  const folder = path.join(workspaceFolder, masksFolder);
  const sets: MaskedSet[] = [];
  for (const file of jsonFilesIn(folder)) {
    const parsed = v.safeParse(FileSchema, readFileSync(path.join(folder, file), 'utf8'));
    // A copied file keeps the name inside: that of the file counts.
    if (parsed.success) sets.push({ ...parsed.output, name: path.parse(file).name });
    else warn(`${path.join(folder, file)}: not a masked set: ${parsed.issues[0].message}`);
  }
  return sets.sort((a, b) => a.name.localeCompare(b.name));
}

export function writeMask(workspaceFolder: string, set: MaskedSet): void {
  writeJsonAtomically(maskFile(workspaceFolder, set.name), set);
}

function jsonFilesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter(name => name.endsWith('.json'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
