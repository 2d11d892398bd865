/**
 * @file Installs the VS Code workbench that the tests use into tools/workbench (git-ignored): Node 24 from the npm
 * package `node-linux-…` and code-server. Linux only. `--force` reinstalls; `E2E_WORKBENCH_DIR` names another folder.
 *
 * Not development dependencies: code-server runs on Node 24 only, the package of Node would replace the Node of every
 * npm script here, and code-server's install script builds native modules that no test needs.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { fail, run } from './lib/run.mjs';
import { codeServerDir, node24Dir, workbenchDir } from './lib/workbench.mjs';

const NODE = '24.21.0';
const CODE_SERVER = '4.139.1'; // VS Code 1.139.1

const stamp = path.join(workbenchDir, 'installed.json');
const wanted = JSON.stringify({ NODE, CODE_SERVER, arch: process.arch });

/** npm on Node 24, which code-server's packages insist on; node-gyp takes its headers from the same package. */
function npm(cwd, args) {
  mkdirSync(cwd, { recursive: true });
  const manifest = path.join(cwd, 'package.json');
  if (!existsSync(manifest)) writeFileSync(manifest, '{"private":true}\n');
  return run('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd,
    env: { PATH: `${path.join(node24Dir, 'bin')}:${process.env.PATH}`, npm_config_nodedir: node24Dir },
  });
}

async function install() {
  // npm leaves half-made links behind after a failure and stumbles over them: always start from nothing.
  rmSync(workbenchDir, { recursive: true, force: true });
  await npm(path.join(workbenchDir, 'node24'), ['install', `node-linux-${process.arch}@${NODE}`]);
  await npm(path.join(workbenchDir, 'code-server'), [
    ...['install', `code-server@${CODE_SERVER}`],
    ...['--omit=dev', '--ignore-scripts'],
  ]);
  const vscode = path.join(codeServerDir, 'lib/vscode');
  await npm(vscode, ['install', '--omit=dev', '--ignore-scripts']);
  try {
    await npm(vscode, ['rebuild', '@vscode/spdlog', '@vscode/native-watchdog', '--ignore-scripts=false']);
  } catch (error) {
    // The workbench runs without them; the extension host then writes no log file.
    console.warn(
      `No log files from the workbench (g++, make and python3 are needed to build them): ${error.message}`,
    );
  }
  writeFileSync(stamp, wanted);
}

async function main() {
  if (process.platform !== 'linux') {
    throw new Error(
      'The workbench needs Linux. Elsewhere press F5 in VS Code, or run npm run test:integration:electron.',
    );
  }
  const installed = existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
  if (installed && !process.argv.includes('--force')) return;
  console.log(`Installing Node ${NODE} and code-server ${CODE_SERVER} (about 800 MB) …`);
  await install();
  console.log(`Workbench installed in ${workbenchDir}`);
}

main().catch(fail);
