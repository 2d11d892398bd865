/** @file A folder for the files of one test file, removed when its tests are over. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll } from 'vitest';

/** Makes the folder and has it removed after all tests of the calling file. */
export function scratchFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'router-lens-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
