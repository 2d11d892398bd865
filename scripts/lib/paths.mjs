/** @file Where things are. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Project root. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** Pictures, logs and result files of test runs (git-ignored). */
export const testResults = path.join(root, 'test-results');

/** The extension's `package.json`. */
export const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

export const extensionId = `${manifest.publisher}.${manifest.name}`;

/** VS Code's name of the platform that this runs on, e.g. `linux-x64`. */
export const hostTarget = `${process.platform}-${process.arch}`;

/** The packaged extension for a target. */
export const vsixPath = (target = hostTarget) =>
  path.join(root, 'vsix', `${manifest.name}-${manifest.version}-${target}.vsix`);
