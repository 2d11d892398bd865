/** @file Bundles a TypeScript program that is no part of the product, and runs it: `run-bundled.mjs bench main …`. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';

import { build } from 'esbuild';

import { root } from './lib/paths.mjs';

const [folder, name, ...args] = process.argv.slice(2);
const outfile = path.join(root, 'dist', folder, `${name}.js`);

await build({
  entryPoints: [path.join(root, folder, `${name}.ts`)],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  external: ['onnxruntime-node', 'prettier'],
  logLevel: 'warning',
});
process.exitCode = spawnSync(process.execPath, [outfile, ...args], { stdio: 'inherit' }).status ?? 1;
