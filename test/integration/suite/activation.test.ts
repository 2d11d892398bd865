/** @file The extension starts, and what package.json promises is there. */
import * as assert from 'node:assert/strict';

import * as vscode from 'vscode';

interface Manifest {
  contributes: { commands?: { command: string }[] };
}

suite('activation', () => {
  let extension: vscode.Extension<unknown>;

  suiteSetup(async () => {
    const found = vscode.extensions.getExtension('router-lens.router-lens');
    assert.ok(found, 'router-lens.router-lens is not installed');
    extension = found;
    await extension.activate();
  });

  test('the extension is active', () => {
    assert.equal(extension.isActive, true);
  });

  test('every command of package.json is registered', async () => {
    const { contributes } = extension.packageJSON as Manifest;
    const promised = (contributes.commands ?? []).map(({ command }) => command);
    assert.ok(promised.length > 0, 'package.json contributes no commands');
    const registered = new Set(await vscode.commands.getCommands(true));
    assert.deepEqual(
      promised.filter(command => !registered.has(command)),
      [],
    );
  });
});
