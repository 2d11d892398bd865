/** @file Installs the npm packages when they are missing or not those of the lock file. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { root } from './paths.mjs';
import { runNpm } from './run.mjs';

const packagesIn = file => JSON.parse(readFileSync(path.join(root, file), 'utf8')).packages;

/** npm writes what it installed into a lock file of its own, as the last step: compare the two. */
function upToDate() {
  const record = 'node_modules/.package-lock.json';
  if (!existsSync(path.join(root, record))) return false;
  const installed = packagesIn(record);
  return Object.entries(packagesIn('package-lock.json')).every(([location, wanted]) => {
    if (location === '') return true;
    const found = installed[location];
    if (!found) return Boolean(wanted.optional || wanted.devOptional); // for another platform
    return found.version === wanted.version && found.integrity === wanted.integrity;
  });
}

/** Runs `npm ci` where needed. Must be called before anything from node_modules is imported. */
export async function ensureInstalled() {
  if (upToDate()) return;
  console.log('Installing npm packages …');
  // The variable keeps onnxruntime-node from downloading CUDA libraries should install scripts be on.
  await runNpm(['ci', '--include=dev', '--no-audit', '--no-fund'], {
    env: { ONNXRUNTIME_NODE_INSTALL: 'skip' },
  });
}
