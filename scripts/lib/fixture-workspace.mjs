/** @file A workspace for tests: a copy of the demo in a throw-away folder, so that nothing is written into the project. */
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { root } from './paths.mjs';

/**
 * @param {object} [settings] workspace settings beside those of the demo
 * @param {string} [parent] the folder that the copy is put into, as `demo`
 * @returns {{ folder: string, remove: () => void }}
 */
export function makeFixtureWorkspace(
  settings = {},
  parent = mkdtempSync(path.join(realpathSync(tmpdir()), 'rl-demo-')),
) {
  const folder = path.join(parent, 'demo');
  const isRun = source => path.basename(source) === '.router-lens';
  cpSync(path.join(root, 'demo'), folder, { recursive: true, filter: source => !isRun(source) });
  const file = path.join(folder, '.vscode/settings.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...settings }));
  return {
    folder,
    remove: () => rmSync(parent, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }),
  };
}
