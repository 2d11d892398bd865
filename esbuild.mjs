/**
 * @file Bundles everything that is shipped into dist/; with --tests also the integration suite into dist-test/.
 * `vscode` and `onnxruntime-node` stay outside: the first comes from the host, the second carries native binaries.
 * With --complete a missing entry point is an error, else it is only named.
 */
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';

import { build } from 'esbuild';

import { root } from './scripts/lib/paths.mjs';

process.chdir(root);

const node = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  external: ['vscode', 'onnxruntime-node', 'mocha'],
  sourcemap: true,
  logLevel: 'warning',
};
const browser = {
  bundle: true,
  platform: 'browser',
  format: 'iife',
  target: 'es2022',
  minify: true,
  loader: { '.ttf': 'dataurl', '.svg': 'dataurl' },
  logLevel: 'warning',
};

/** Only entry points that exist; the others are errors in a complete build. */
function existing(entryPoints) {
  const missing = Object.values(entryPoints).filter(file => !existsSync(file));
  if (missing.length > 0) {
    const line = `Entry points that do not exist: ${missing.join(', ')}`;
    if (process.argv.includes('--complete')) throw new Error(line);
    console.warn(line);
  }
  return Object.fromEntries(Object.entries(entryPoints).filter(([, file]) => existsSync(file)));
}

const shipped = existing({
  extension: 'src/extension/extension.ts',
  worker: 'src/worker/main.ts',
  cli: 'src/cli/main.ts',
});
const pages = existing({ routing: 'webview/routing/main.ts', report: 'webview/report/main.ts' });

const { cli, ...hosted } = shipped;
await build({ ...node, entryPoints: hosted, outdir: 'dist' });
if (cli) {
  await build({ ...node, entryPoints: { cli }, outdir: 'dist', banner: { js: '#!/usr/bin/env node' } });
  chmodSync('dist/cli.js', 0o755);
}
await build({ ...browser, entryPoints: pages, outdir: 'dist/webview' });

// <vscode-icon> needs the icon font as a stylesheet of the page.
mkdirSync('dist/webview', { recursive: true });
for (const file of ['codicon.css', 'codicon.ttf']) {
  copyFileSync(`node_modules/@vscode/codicons/dist/${file}`, `dist/webview/${file}`);
}

if (process.argv.includes('--tests')) {
  const suite = readdirSync('test/integration/suite').filter(file => file.endsWith('.test.ts'));
  await build({
    ...node,
    entryPoints: ['index.ts', ...suite.map(file => path.join('suite', file))].map(file =>
      path.join('test/integration', file),
    ),
    outbase: 'test/integration',
    outdir: 'dist-test',
  });
}
