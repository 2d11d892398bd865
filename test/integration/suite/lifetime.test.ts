/** @file What runs in which process and how long: the extension host stays light, the engine comes and goes. */
import * as assert from 'node:assert/strict';
import * as path from 'node:path';

import * as vscode from 'vscode';

import { activationText } from '../../../src/extension/activation-time';
import type { RouterLens } from '../../../src/extension/extension';
import { commands, configurationSection, extensionId, settings } from '../../../src/extension/manifest';
import type { RouterLensApi } from '../../../src/extension/start';
import { until } from '../until';

suite('lifetime', () => {
  let api: RouterLensApi;
  let lens: RouterLens;
  let options: object;

  suiteSetup(async () => {
    const extension = vscode.extensions.getExtension<RouterLensApi>(extensionId);
    assert.ok(extension);
    api = await extension.activate();
    lens = await api.complete();
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    const root = folder.uri.fsPath;
    const sample = { file: path.join(root, 'data/swap_dev.json'), index: 0 };
    options = { model: path.join(root, 'facts-moe'), sample };
  });

  test('activation is timed', () => {
    const { activationTime } = api;
    console.log(`Activation: ${activationText(activationTime)}`); // measured, not judged: machines differ
    assert.ok(activationTime.wall > 0);
  });

  test('nothing of ONNX Runtime is in the extension host, not even after a trace', async () => {
    await vscode.commands.executeCommand(commands.traceSample, options);
    const { sharedObjects } = process.report.getReport() as unknown as { sharedObjects: string[] };
    assert.ok(sharedObjects.length > 0);
    assert.deepEqual(
      sharedObjects.filter(file => /onnxruntime/i.test(file)),
      [],
    );
    const modules = Object.keys(require.cache).filter(file => /onnxruntime/.test(file));
    assert.deepEqual(modules, []);
  });

  test('one engine serves the window; idle it leaves, and the next job starts another', async () => {
    await vscode.commands.executeCommand(commands.traceSample, options);
    const first = lens.enginePid;
    assert.ok(first);
    const configuration = vscode.workspace.getConfiguration(configurationSection);
    await configuration.update(settings.idleMinutes, 0.01);
    await vscode.commands.executeCommand(commands.traceSample, options);
    assert.equal(lens.enginePid, first);
    await until(() => lens.enginePid === undefined);
    await until(() => !isAlive(first));
    await configuration.update(settings.idleMinutes, undefined);
    await vscode.commands.executeCommand(commands.traceSample, options);
    const second = lens.enginePid;
    assert.ok(second && second !== first);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
