/** @file Panels of runs: their commands open them with what they are given, and say what is wrong. */
import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';

import * as vscode from 'vscode';

import { commands, extensionId, panels } from '../../../src/extension/manifest';
import type { AnalyzeAnswer } from '../../../src/protocol/analysis-results';
import type { IdentifyResult } from '../../../src/protocol/jobs';

suite('panels of runs', () => {
  let root: string;
  let run: string;
  let samples: string;

  suiteSetup(async () => {
    const extension = vscode.extensions.getExtension(extensionId);
    assert.ok(extension);
    await extension.activate();
    await closePanels();
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    root = folder.uri.fsPath;
    const data = (split: string): string => path.join(root, `data/swap_${split}.json`);
    samples = data('test');
    const request = {
      ...{ model: path.join(root, 'facts-moe'), train: data('train'), dev: data('dev'), test: samples },
      ...{ limit_train: 16, limit_dev: 4, limit_test: 2, training: { max_steps: 2 } },
    };
    run = (await vscode.commands.executeCommand<IdentifyResult>(commands.identify, request)).run_folder;
  });

  teardown(closePanels);

  test('the Training panel of a run opens once, however often it is asked for', async () => {
    await vscode.commands.executeCommand(commands.openTraining, { run });
    await vscode.commands.executeCommand(commands.openTraining, { run });
    await panelsAre([panels.training]);
  });

  test('without options it is that of the newest training', async () => {
    await vscode.commands.executeCommand(commands.openTraining);
    await panelsAre([panels.training]);
  });

  test('an analysis runs without questions, writes its folder and opens its result', async () => {
    const options = { kind: 'masking', run, data: [samples], limit: 2 };
    const answer = await vscode.commands.executeCommand<AnalyzeAnswer>(commands.analyze, options);
    assert.match(path.basename(answer.run_folder), /^\d{8}T\d{6}Z-analyze-masking$/);
    assert.ok(fs.existsSync(path.join(answer.run_folder, 'analysis.json')));
    assert.equal(answer.result.kind, 'masking');
    await panelsAre([panels.analysis]);
    await closePanels();
    await vscode.commands.executeCommand(commands.openAnalysis, { run: answer.run_folder });
    await panelsAre([panels.analysis]);
  });

  test('runs are compared in a panel of their own', async () => {
    await vscode.commands.executeCommand(commands.compareRuns, { runs: [run, run] });
    await panelsAre([panels.comparison]);
  });

  test('what is wrong is said in one line', async () => {
    const options = { kind: 'cost', runs: [path.join(root, 'nowhere')] };
    await assert.rejects(
      Promise.resolve(vscode.commands.executeCommand(commands.analyze, options)),
      /nowhere is not a run of this workspace/,
    );
    await assert.rejects(
      Promise.resolve(vscode.commands.executeCommand(commands.analyze, { kind: 'nonsense' })),
      /Options of the command: kind:/,
    );
  });
});

function panelTabs(): { tab: vscode.Tab; type: string }[] {
  return vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .flatMap(tab => (tab.input instanceof vscode.TabInputWebview ? [{ tab, type: tab.input.viewType }] : []));
}

/** Types of the webview panels that are open; VS Code puts a prefix before them. */
function openPanels(): string[] {
  return panelTabs().map(({ type }) => type.replace(/^mainThreadWebview-/, ''));
}

/** Panels alone: documents that are not saved would ask. */
async function closePanels(): Promise<void> {
  await vscode.window.tabGroups.close(panelTabs().map(({ tab }) => tab));
  await panelsAre([]);
}

/** Waits until these panels are open and no others: the window tells the extension host of its tabs a little later. */
async function panelsAre(expected: readonly string[]): Promise<void> {
  const isSo = (): boolean => openPanels().join() === expected.join();
  if (isSo()) return;
  await new Promise<void>(resolve => {
    const listener = vscode.window.tabGroups.onDidChangeTabs(() => {
      if (!isSo()) return;
      listener.dispose();
      resolve();
    });
  });
}
