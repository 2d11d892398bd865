/** @file What the text editor shows of traces and datasets: hovers of several documents, staleness, CodeLenses. */
import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';

import * as vscode from 'vscode';

import { commands, configurationSection, extensionId, settings } from '../../../src/extension/manifest';
import type { RoutingView } from '../../../src/protocol/routing-view';
import { until } from '../until';

suite('editor', () => {
  let root: string;
  let model: string;

  suiteSetup(async () => {
    const extension = vscode.extensions.getExtension(extensionId);
    assert.ok(extension);
    await extension.activate();
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    root = folder.uri.fsPath;
    model = path.join(root, 'facts-moe');
  });

  test('documents of any language keep their own traces', async () => {
    const python = await traced('# Where was Olga born?', 'python');
    const plain = await traced('Who is a baker?', 'plaintext');
    assert.match(await hoverAt(python, 0, 4), /id \d+ · position \d+ · .*\n/);
    assert.match(await hoverAt(plain, 0, 9), /`` ?a ?``|position/);
    const other = await vscode.workspace.openTextDocument({ content: 'never traced' });
    assert.equal(await hoverAt(other, 0, 3), '');
  });

  test('an edit marks the trace as stale: its tokens move along, CodeLens offers to trace again', async () => {
    const document = await traced('Where was Olga born?', 'markdown');
    const before = await hoverAt(document, 0, 11);
    const editor = await vscode.window.showTextDocument(document);
    await editor.edit(edit => edit.insert(new vscode.Position(0, 0), 'Tell me:\n'));
    const after = await hoverAt(document, 1, 11);
    assert.match(after, /^\*Stale: /);
    assert.ok(after.endsWith(before), 'the facts of the word are as before');
    assert.match(await hoverAt(document, 0, 3), /^\*Stale: [^|]*$/);
    const [again, ...others] = await lensesOf(document.uri);
    assert.deepEqual(others, []);
    assert.equal(again.command?.command, commands.tracePrompt);
    await vscode.commands.executeCommand(commands.tracePrompt, { model });
    assert.deepEqual(await lensesOf(document.uri), []);
    assert.doesNotMatch(await hoverAt(document, 1, 11), /Stale/);
  });

  test('each sample of a dataset has a CodeLens that traces it', async () => {
    const file = path.join(root, 'data/swap_test.json');
    const samples = JSON.parse(fs.readFileSync(file, 'utf8')) as { context: string; question: string }[];
    const document = await vscode.workspace.openTextDocument(file);
    await vscode.window.showTextDocument(document);
    const lenses = (await lensesOf(document.uri)).filter(
      ({ command }) => command?.command === commands.traceSample,
    );
    assert.ok(lenses.length > 10, `${lenses.length} lenses`);
    lenses.forEach(({ range, command }, index) => {
      assert.deepEqual(command?.arguments, [{ sample: { file, index } }]);
      const next = document.getText(new vscode.Range(range.start, range.start.translate(12)));
      assert.ok(next.includes(JSON.stringify(samples[index].question)), `line ${range.start.line}`);
    });
    const all = await lensesOf(document.uri);
    const compared = all.filter(({ command }) => command?.command === commands.compareBaseTuned);
    assert.deepEqual(
      compared.map(({ command }) => command?.arguments),
      lenses.map(({ command }) => command?.arguments),
    );
    const [options] = lenses[2].command?.arguments as [object];
    const view = await vscode.commands.executeCommand<RoutingView>(commands.traceSample, {
      ...options,
      model,
    });
    assert.ok(view.text.includes(samples[2].context));
  });

  test('no CodeLenses in other JSON, and none when they are turned off', async () => {
    const other = await vscode.workspace.openTextDocument(path.join(root, 'facts-moe/config.json'));
    await vscode.window.showTextDocument(other);
    assert.deepEqual(await lensesOf(other.uri), []);
    const dataset = await vscode.workspace.openTextDocument(path.join(root, 'data/swap_dev.json'));
    await vscode.window.showTextDocument(dataset);
    assert.ok((await lensesOf(dataset.uri)).length > 0);
    const configuration = vscode.workspace.getConfiguration(configurationSection);
    await configuration.update(settings.codeLens, false);
    assert.deepEqual(await lensesOf(dataset.uri), []);
    await configuration.update(settings.codeLens, undefined);
    assert.ok((await lensesOf(dataset.uri)).length > 0);
  });

  test('of a file of 5 MB the samples in sight have CodeLenses', async () => {
    const file = path.join(root, 'large.jsonl');
    const sample = { context: 'c'.repeat(1000), question: 'Who {is} it?', answer: 'nobody' };
    fs.writeFileSync(file, `${JSON.stringify(sample)}\n`.repeat(5_100));
    assert.ok(fs.statSync(file).size > 5e6);
    const document = await vscode.workspace.openTextDocument(file);
    const editor = await vscode.window.showTextDocument(document);
    const begun = performance.now();
    const first = await lensesOf(document.uri);
    const top = performance.now();
    assert.ok(first.length > 0 && first.length < 2000);
    editor.revealRange(new vscode.Range(5_000, 0, 5_000, 0));
    await until(() => editor.visibleRanges[0].start.line > 4_900);
    const scrolled = performance.now();
    const last = await lensesOf(document.uri);
    const bottom = performance.now();
    console.log(`CodeLenses of 5 MB: ${ms(top - begun)} at its top, ${ms(bottom - scrolled)} at its end`);
    const at = last.find(({ range }) => range.start.line === 5_000);
    assert.deepEqual(at?.command?.arguments, [{ sample: { file, index: 5_000 } }]);
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
    fs.rmSync(file);
  });

  async function traced(content: string, language: string): Promise<vscode.TextDocument> {
    const document = await vscode.workspace.openTextDocument({ content, language });
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand(commands.tracePrompt, { model });
    return document;
  }
});

const ms = (milliseconds: number): string => `${milliseconds.toFixed(0)} ms`;

/** Hovers of Router Lens and others at a place. */
async function hoverAt(document: vscode.TextDocument, line: number, character: number): Promise<string> {
  const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
    'vscode.executeHoverProvider',
    ...[document.uri, new vscode.Position(line, character)],
  );
  const contents = hovers.flatMap(hover => hover.contents);
  return contents.map(content => (content instanceof vscode.MarkdownString ? content.value : '')).join('\n');
}

async function lensesOf(uri: vscode.Uri): Promise<vscode.CodeLens[]> {
  const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
    'vscode.executeCodeLensProvider',
    uri,
    1e6,
  );
  return lenses.filter(({ command }) => command?.command.startsWith(`${configurationSection}.`));
}
