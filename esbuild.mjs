/**
 * @file Bundles everything that is shipped into dist/; with --tests also the integration suite into dist-test/.
 * `vscode` and `onnxruntime-node` stay outside: the first comes from the host, the second carries native binaries.
 */
import { chmodSync, copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
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

/**
 * Every module that imports `vscode` would copy its hundreds of members, one by one, when the extension is activated;
 * it has no default export that this would be for.
 */
function withoutCopies(file) {
  const code = readFileSync(file, 'utf8');
  writeFileSync(file, code.replaceAll('__toESM(require("vscode"))', 'require("vscode")'));
}

await build({
  ...node,
  entryPoints: { worker: 'src/worker/main.ts' },
  outdir: 'dist',
});
await build({
  ...node,
  entryPoints: { extension: 'src/extension/extension.ts' },
  outdir: 'dist',
  // The extension host parses all of it before the extension is active.
  minifyWhitespace: true,
  minifySyntax: true,
});
withoutCopies('dist/extension.js');
await build({
  ...node,
  entryPoints: { cli: 'src/cli/main.ts' },
  outdir: 'dist',
  banner: { js: '#!/usr/bin/env node' },
});
chmodSync('dist/cli.js', 0o755);
// The report's script and styles are put into report.html by the worker and the command line.
await build({
  ...browser,
  entryPoints: Object.fromEntries(
    ['routing', 'report', 'training', 'comparison', 'analysis', 'ceft'].map(page => [
      page,
      `webview/${page}/main.ts`,
    ]),
  ),
  outdir: 'dist/webview',
});

// <vscode-icon> needs the icon font as a stylesheet of the page.
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
