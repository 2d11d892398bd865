/**
 * @file Packages the extension, one VSIX for each platform named (`npm run package -- linux-x64 darwin-arm64`), by
 * default the platform it runs on. Each holds the binaries of ONNX Runtime for its own platform only.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { ensureInstalled } from './lib/ensure-installed.mjs';
import { hostTarget, root, vsixPath } from './lib/paths.mjs';
import { fail, runNode } from './lib/run.mjs';

/** Lines for the ignore file that let the target's binaries through. */
function binaries(target) {
  const [platform, arch] = target.split('-');
  const folder = `node_modules/onnxruntime-node/bin/napi-v6/${platform}/${arch}`;
  if (!existsSync(path.join(root, folder)))
    throw new Error(`${target}: onnxruntime-node has no binaries for it`);
  // For macOS the library is there twice, once with its full version in the name; the binding links the short name.
  const files = platform === 'darwin' ? ['onnxruntime_binding.node', 'libonnxruntime.1.dylib'] : ['**'];
  return files.map(file => `!${folder}/${file}\n`).join('');
}

async function packageFor(target) {
  const out = vsixPath(target);
  mkdirSync(path.dirname(out), { recursive: true });
  rmSync(out, { force: true });
  const ignoreFile = path.join(path.dirname(out), `${target}.vscodeignore`);
  writeFileSync(ignoreFile, readFileSync(path.join(root, '.vscodeignore'), 'utf8') + binaries(target));
  const vsce = path.join(root, 'node_modules/@vscode/vsce/vsce');
  const args = ['--target', target, '--ignoreFile', ignoreFile, '--out', out];
  const offline = ['--allow-missing-repository', '--no-rewrite-relative-links'];
  await runNode([vsce, 'package', ...args, ...offline], { capture: true });
  console.log(`${path.relative(root, out)}: ${(statSync(out).size / 2 ** 20).toFixed(1)} MiB`);
}

async function main() {
  const targets = process.argv.slice(2);
  await ensureInstalled();
  await runNode(['esbuild.mjs']);
  for (const target of targets.length > 0 ? targets : [hostTarget]) await packageFor(target);
}

main().catch(fail);
