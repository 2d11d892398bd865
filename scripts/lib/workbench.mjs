/**
 * @file Starts a real VS Code workbench (code-server). All it writes is in one throw-away folder, nothing in the home
 * folder; only an installation that servers share is kept, in `test-results/`.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { extensionId, root, testResults } from './paths.mjs';
import { run } from './run.mjs';

/** Where `setup-workbench.mjs` installs; one folder can serve several checkouts. */
export const workbenchDir = process.env.E2E_WORKBENCH_DIR ?? path.join(root, 'tools/workbench');
export const node24Dir = path.join(workbenchDir, `node24/node_modules/node-linux-${process.arch}`);
export const codeServerDir = path.join(workbenchDir, 'code-server/node_modules/code-server');

const node24 = path.join(node24Dir, 'bin/node');
const codeServer = path.join(codeServerDir, 'out/node/entry.js');

export const workbenchInstalled = () => existsSync(path.join(workbenchDir, 'installed.json'));

/** Settings that make the workbench quiet and the same on every run. */
const quietSettings = {
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'workbench.colorTheme': 'Dark Modern',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'workbench.settings.enableNaturalLanguageSearch': false,
  'workbench.reduceMotion': 'on',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.editor.enablePreview': false,
  // Hovers of lists and inputs would lie over what is clicked next, wherever the pointer has come to rest.
  'workbench.hover.delay': 600_000,
  'workbench.hover.reducedDelay': 600_000,
  'chat.disableAIFeatures': true,
  'security.workspace.trust.enabled': false,
  'git.enabled': false,
  'git.openRepositoryInParentFolders': 'never',
  'editor.minimap.enabled': false,
  'editor.hover.delay': 100,
  'editor.hover.sticky': true,
  'files.hotExit': 'off',
};

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

/** The environment of code-server: folders of its own, no extension gallery, nothing of a VS Code that started us. */
function serverEnvironment(dir, extra) {
  const inherited = Object.entries(process.env).filter(
    ([name]) =>
      !/^(VSCODE_|ELECTRON_|npm_|NODE_OPTIONS$|NODE_TEST_CONTEXT$|PASSWORD$|HASHED_PASSWORD$)/.test(name),
  );
  return {
    ...Object.fromEntries(inherited),
    HOME: dir,
    XDG_CONFIG_HOME: path.join(dir, 'xdg-config'),
    XDG_DATA_HOME: path.join(dir, 'xdg-data'),
    XDG_CACHE_HOME: path.join(dir, 'xdg-cache'),
    XDG_RUNTIME_DIR: path.join(dir, 'xdg-run'),
    EXTENSIONS_GALLERY: '{"serviceUrl":""}',
    ...extra,
  };
}

const folderArguments = (dir, extensions) => [
  ...['--user-data-dir', path.join(dir, 'user-data')],
  ...['--extensions-dir', extensions],
  ...['--config', path.join(dir, 'config.yaml')],
];

/** Makes the server's throw-away folder. Its path is short because Unix sockets lie below it. */
function makeServerFolder(settings) {
  const dir = mkdtempSync(path.join(tmpdir(), 'rl-wb-'));
  for (const name of ['user-data/User', 'xdg-run']) mkdirSync(path.join(dir, name), { recursive: true });
  writeFileSync(path.join(dir, 'config.yaml'), 'auth: none\n');
  writeFileSync(
    path.join(dir, 'user-data/User/settings.json'),
    JSON.stringify({ ...quietSettings, ...settings }),
  );
  return dir;
}

async function install(vsix, dir, extensions, env) {
  const args = [codeServer, ...folderArguments(dir, extensions), '--force', '--install-extension', vsix];
  await run(node24, args, { env, replaceEnv: true, capture: true });
}

/** The folder that a package is installed in once for all servers that share it; those of other packages are removed. */
async function sharedExtensions(vsix, dir, env) {
  const digest = createHash('sha256').update(readFileSync(vsix)).digest('hex');
  const extensions = path.join(testResults, `extensions-${digest.slice(0, 16)}`);
  const list = path.join(extensions, 'extensions.json');
  if (existsSync(list) && readFileSync(list, 'utf8').includes(extensionId)) return extensions;
  mkdirSync(testResults, { recursive: true });
  for (const name of readdirSync(testResults))
    if (name.startsWith('extensions-')) rmSync(path.join(testResults, name), { recursive: true });
  await install(vsix, dir, extensions, env);
  return extensions;
}

/** A folder of the server's own, with the extension in it if there is one. */
async function ownExtensions(vsix, dir, env) {
  const extensions = path.join(dir, 'extensions');
  if (vsix) await install(vsix, dir, extensions, env);
  return extensions;
}

function spawnServer(dir, extensions, port, env, development) {
  const log = openSync(path.join(dir, 'server.log'), 'w');
  const child = spawn(
    node24,
    [
      codeServer,
      ...folderArguments(dir, extensions),
      ...['--bind-addr', `127.0.0.1:${port}`, '--auth', 'none'],
      ...['--disable-telemetry', '--disable-update-check', '--disable-workspace-trust'],
      ...['--disable-getting-started-override', '--disable-proxy', '--ignore-last-opened'],
      ...['--reconnection-grace-time', '5'],
      // Only with this driver does a built workbench honour the development and test extension of the URL.
      // It also suppresses notification toasts: not for tests of the user interface.
      ...(development ? ['--vscode-option', 'enable-smoke-test-driver'] : []),
    ],
    { env, detached: true, stdio: ['ignore', log, log] }, // a process group of its own: all its children end with it
  );
  closeSync(log);
  return child;
}

/** Ends the whole process group. */
async function stopGroup(child) {
  const signal = name => {
    try {
      process.kill(-child.pid, name);
    } catch (error) {
      if (error.code !== 'ESRCH') throw error; // ESRCH: all gone already
    }
  };
  if (child.exitCode === null && child.signalCode === null) {
    const gone = once(child, 'exit');
    signal('SIGTERM');
    const timer = setTimeout(signal, 5000, 'SIGKILL');
    await gone;
    clearTimeout(timer);
  }
  signal('SIGKILL'); // children that outlived the server
}

/** Resolves once the server answers; throws with its log when it ends or stays silent. */
async function untilHealthy(child, origin, readLog) {
  for (const end = Date.now() + 30_000; Date.now() < end;) {
    if (child.exitCode !== null) throw new Error(`code-server ended with ${child.exitCode}\n${readLog()}`);
    const healthy = await fetch(`${origin}/healthz`).then(
      response => response.ok,
      () => false,
    );
    if (healthy) return;
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  throw new Error(`code-server did not answer within 30 s\n${readLog()}`);
}

/** The text of the log files whose path in the logs' folder fits. */
function readLogs(dir, fits) {
  const logs = path.join(dir, 'user-data/logs');
  if (!existsSync(logs)) return '';
  return readdirSync(logs, { recursive: true })
    .filter(file => fits.test(file))
    .map(file => readFileSync(path.join(logs, file), 'utf8'))
    .join('\n');
}

/** What went wrong in the extension host (activation, commands). */
function readExtensionHostErrors(dir) {
  const lines = readLogs(dir, /exthost\d+[\\/]remoteexthost\.log$/).split('\n');
  return lines.filter(line => line.includes('[error]')).join('\n');
}

/**
 * Starts code-server on a free port of the loopback interface. `E2E_KEEP=1` keeps its folder.
 * @param {{ development?: boolean, vsix?: string, shared?: boolean, port?: number, env?: Record<string, string>, settings?: object }} [options]
 *   `development`: windows may name a development extension; `vsix`: an extension to install; `shared`: once for all
 *   servers that say so, which takes seconds less;
 *   `env` reaches the extension host and its children.
 */
export async function startServer({
  development = false,
  vsix,
  shared = false,
  port,
  env: extraEnv,
  settings = {},
} = {}) {
  if (!workbenchInstalled()) throw new Error('The workbench is not installed: run npm run setup:workbench');
  const dir = makeServerFolder(settings);
  const env = serverEnvironment(dir, extraEnv);
  const extensions = await (shared ? sharedExtensions : ownExtensions)(vsix, dir, env);
  const usedPort = port ?? (await freePort());
  const child = spawnServer(dir, extensions, usedPort, env, development);
  const origin = `http://127.0.0.1:${usedPort}`;
  const server = {
    origin,
    port: usedPort,
    /** All its processes are in the process group of this id. */
    pid: child.pid,
    /** Resolves when the server has ended. */
    ended: once(child, 'exit'),
    log: () => readFileSync(path.join(dir, 'server.log'), 'utf8'),
    extensionHostErrors: () => readExtensionHostErrors(dir),
    /** What Router Lens logged in all windows. */
    extensionLogs: () => readLogs(dir, /Router Lens\.log$/),
    async stop() {
      await stopGroup(child);
      if (process.env.E2E_KEEP) console.log(`Kept: ${dir}`);
      else rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
  try {
    await untilHealthy(child, origin, server.log);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

/**
 * Address of a workbench window.
 * @param {{ folder: string, development?: string, tests?: string }} what folder to open, and for a server started
 *   with `development` the folder of the development extension and the suite to run in its extension host.
 */
export function workbenchUrl(server, { folder, development, tests }) {
  // The authority must equal location.host, which code-server uses as the remote authority.
  const uri = file => `vscode-remote://127.0.0.1:${server.port}${file}`;
  const payload = [];
  if (development) payload.push(['extensionDevelopmentPath', uri(development)]);
  if (tests) payload.push(['extensionTestsPath', uri(tests)]);
  const query = new URLSearchParams({ folder });
  if (payload.length > 0) query.set('payload', JSON.stringify(payload));
  return `${server.origin}/?${query}`;
}
