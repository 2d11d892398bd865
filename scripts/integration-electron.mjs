/**
 * @file Runs the integration suite in desktop VS Code (downloaded once into .vscode-test). `VSCODE_VERSION` picks
 * another version than stable, `VSCODE_EXECUTABLE` an installed one.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { runTests } from '@vscode/test-electron';

import { makeFixtureWorkspace } from './lib/fixture-workspace.mjs';
import {
  clearIntegrationResult,
  integrationResultFile,
  reportIntegrationResult,
} from './lib/integration-result.mjs';
import { root } from './lib/paths.mjs';
import { fail } from './lib/run.mjs';

async function main() {
  clearIntegrationResult();
  const workspace = makeFixtureWorkspace();
  const userData = mkdtempSync(path.join(tmpdir(), 'rl-vs-')); // short: macOS limits socket paths to 103 characters
  delete process.env.ELECTRON_RUN_AS_NODE; // set in VS Code's terminal; with it VS Code would start as plain Node
  try {
    await runTests({
      version: process.env.VSCODE_VERSION ?? 'stable',
      vscodeExecutablePath: process.env.VSCODE_EXECUTABLE,
      extensionDevelopmentPath: root,
      extensionTestsPath: path.join(root, 'dist-test/index.js'),
      extensionTestsEnv: { INTEGRATION_RESULT_FILE: integrationResultFile },
      launchArgs: [
        workspace.folder,
        ...['--disable-extensions', '--disable-workspace-trust', '--skip-welcome', '--skip-release-notes'],
        `--user-data-dir=${userData}`,
      ],
    });
    const { failures } = reportIntegrationResult();
    if (failures > 0) throw new Error(`Integration suite: ${failures} failed`);
  } finally {
    rmSync(userData, { recursive: true, force: true });
    workspace.remove();
  }
}

main().catch(fail);
