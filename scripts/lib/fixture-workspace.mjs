/** @file A workspace for tests: a copy of the demo in a throw-away folder, so that nothing is written into the project. */
import { cpSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { root } from './paths.mjs';

/** @returns {{ folder: string, remove: () => void }} */
export function makeFixtureWorkspace() {
  const parent = mkdtempSync(path.join(realpathSync(tmpdir()), 'rl-demo-'));
  const folder = path.join(parent, 'demo');
  const isRun = source => path.basename(source) === '.router-lens';
  cpSync(path.join(root, 'demo'), folder, { recursive: true, filter: source => !isRun(source) });
  return {
    folder,
    remove: () => rmSync(parent, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }),
  };
}
