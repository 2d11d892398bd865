/**
 * @file Bundles everything that is shipped into dist/; with --tests also the integration suite into dist-test/.
 * `vscode` and `onnxruntime-node` stay outside: the first comes from the host, the second carries native binaries.
 */
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

import { build, transform } from 'esbuild';

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

/** What the extension host parses is kept short; names stay, for the stack traces in the log. */
const short = { minifyWhitespace: true, minifySyntax: true };

/**
 * Code that several parts share would be cut into as many files as there are sets of parts that share it. So each part
 * that is imported dynamically also imports what is loaded before it, the start and then the extension itself: what
 * these need is then shared by all later parts alike, and lies in one file each.
 */
const oneFileForEachTurn = {
  name: 'one-file-for-each-turn',
  setup(bundler) {
    const turns = ['start', 'extension'].map(name => path.resolve(`src/extension/${name}.ts`));
    bundler.onResolve({ filter: /^\./ }, async ({ path: wanted, pluginData, ...from }) => {
      if (from.kind !== 'dynamic-import' || pluginData) return undefined;
      const { kind, importer, resolveDir } = from;
      const found = await bundler.resolve(wanted, { kind, importer, resolveDir, pluginData: 'asked' });
      return { ...found, pluginData: 'part' };
    });
    bundler.onLoad({ filter: /\.ts$/ }, ({ path: file, pluginData }) => {
      if (pluginData !== 'part') return undefined;
      const turn = turns.indexOf(file);
      const earlier = turn < 0 ? turns : turns.slice(0, turn);
      const relative = to => path.relative(path.dirname(file), to).replaceAll(path.sep, '/');
      const imports = earlier.map(each => `import './${relative(each)}';`);
      return { contents: [readFileSync(file, 'utf8'), ...imports].join('\n'), loader: 'ts' };
    });
  },
};

/**
 * The extension in several files: what it imports dynamically lies in files of its own, which are not read before they
 * are needed. esbuild splits ES modules only, so each file is made CommonJS afterwards.
 */
async function buildExtension() {
  rmSync('dist/extension', { recursive: true, force: true }); // files of earlier builds have other names
  const { outputFiles } = await build({
    ...node,
    entryPoints: { extension: 'src/extension/main.ts' },
    outdir: 'dist',
    chunkNames: 'extension/[name]-[hash]',
    format: 'esm',
    splitting: true,
    plugins: [oneFileForEachTurn],
    sourcemap: 'inline',
    write: false,
  });
  mkdirSync('dist/extension', { recursive: true });
  for (const { path: file, text } of outputFiles) {
    const { code, map } = await transform(text, {
      ...short,
      format: 'cjs',
      platform: 'node',
      target: node.target,
      supported: { 'dynamic-import': false }, // becomes a `require` when it is reached
      sourcemap: 'external',
      sourcefile: path.basename(file),
    });
    writeFileSync(file, `${withoutCopies(code)}//# sourceMappingURL=${path.basename(file)}.map\n`);
    writeFileSync(`${file}.map`, map);
  }
}

/**
 * Every module that imports `vscode` would copy its hundreds of members, one by one, when the extension is activated;
 * it has no default export that this would be for.
 */
function withoutCopies(code) {
  return code.replaceAll('__toESM(require("vscode"))', 'require("vscode")');
}

await build({
  ...node,
  entryPoints: { worker: 'src/worker/main.ts' },
  outdir: 'dist',
});
await buildExtension();
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
