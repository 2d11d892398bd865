/** @file `npm run bench` and `npm run bench:checkpoint`: bundles a file of this folder and runs it. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const folder = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(folder);
const [name, ...args] = process.argv.slice(2);
const outfile = path.join(root, 'dist/bench', `${name}.js`);

// Two cases start what is shipped: the command line and the worker.
if (name === 'main') await import('../esbuild.mjs');
await build({
  entryPoints: [path.join(folder, `${name}.ts`)],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  external: ['onnxruntime-node', 'prettier'],
  logLevel: 'warning',
});
process.exitCode = spawnSync(process.execPath, [outfile, ...args], { stdio: 'inherit' }).status ?? 1;
