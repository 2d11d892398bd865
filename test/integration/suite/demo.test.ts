/** @file The demo's way through the extension: identify, experts, trace, hover, and an engine that is killed on the way. */
import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';

import * as vscode from 'vscode';

import type { RouterLens } from '../../../src/extension/extension';
import { commands, extensionId } from '../../../src/extension/manifest';
import type { RouterLensApi } from '../../../src/extension/start';
import type { ContextDependence } from '../../../src/protocol/artifacts';
import type { IdentifyResult } from '../../../src/protocol/jobs';
import type { RoutingView } from '../../../src/protocol/routing-view';
import { until } from '../until';

suite('demo', () => {
  let lens: RouterLens;
  let root: string;
  let model: string;
  let data: Record<'train' | 'dev' | 'test', string>;
  let runs: string;

  suiteSetup(async () => {
    const extension = vscode.extensions.getExtension<RouterLensApi>(extensionId);
    assert.ok(extension);
    lens = await (await extension.activate()).complete();
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    root = folder.uri.fsPath;
    model = path.join(root, 'facts-moe');
    const file = (split: string): string => path.join(root, `data/swap_${split}.json`);
    data = { train: file('train'), dev: file('dev'), test: file('test') };
    runs = path.join(root, '.router-lens/runs');
    fs.mkdirSync(runs, { recursive: true });
  });

  test('identify runs without questions and writes a run', async () => {
    const result = await identify({ limit_train: 16, limit_dev: 8, limit_test: 8 });
    assert.ok(result);
    assert.match(path.relative(runs, result.run_folder), /^\d{8}T\d{6}Z-identify$/);
    assert.equal(result.run.status, 'done');
    // The learning rate of the demo's own settings, not the default.
    assert.equal(result.run.settings.lr, 0.003);
    assert.deepEqual(
      fs.readdirSync(result.run_folder).filter(name => name.endsWith('.json')),
      ['context-dependence.json', 'run.json'],
    );
  });

  test('the Experts view shows the newest run: layers, then experts by their tuned ratio', async () => {
    const result = await identify({
      limit_train: 16,
      limit_dev: 8,
      limit_test: 1,
      training: { max_steps: 1 },
    });
    assert.equal(lens.sidebar.experts.current?.run.folder, result.run_folder);
    const file = path.join(result.run_folder, 'context-dependence.json');
    const { ratio, ce } = JSON.parse(fs.readFileSync(file, 'utf8')) as ContextDependence;
    const layers = lens.sidebar.experts.getChildren();
    assert.deepEqual(
      layers.map(layer => labelOf(layer)),
      Object.keys(ce).map(layer => `Layer ${layer}`),
    );
    for (const layer of layers) {
      const rows = lens.sidebar.experts.getChildren(layer);
      const faithful = ce[layer.layer];
      const tuned = ratio.tuned[layer.layer];
      assert.equal(rows.length, tuned.length);
      assert.deepEqual(
        rows.slice(0, faithful.length).map(labelOf),
        faithful.map(e => `★ ${e}`),
      );
      const { description } = lens.sidebar.experts.getTreeItem(rows[0]);
      assert.match(String(description), new RegExp(`^${(100 * Math.max(...tuned)).toFixed(1)} %`));
    }
  });

  test('a traced prompt answers hovers until it is edited', async () => {
    const document = await vscode.workspace.openTextDocument(path.join(root, 'prompts/birthplace.txt'));
    const editor = await vscode.window.showTextDocument(document);
    const view = await vscode.commands.executeCommand<RoutingView>(commands.tracePrompt, { model });
    assert.equal(view.text.slice(view.source.start, view.source.end), document.getText());

    const offset = document.getText().indexOf('Nerminster');
    const place = document.positionAt(offset);
    const hover = await hoverAt(document, place);
    const at = view.source.start + offset;
    const position = view.tokens.findIndex(token => token.start <= at && at < token.end);
    assert.match(hover, new RegExp(`id ${view.tokens[position].id} · position ${position} · context`));
    assert.ok(view.tuned);
    view.moe_layers.forEach((layer, row) => {
      const expert = view.tuned?.topk_indices[row][position * view.top_k];
      const weight = view.tuned?.topk_weights[row][position * view.top_k].toFixed(2);
      assert.match(hover, new RegExp(`\\| ${layer} \\|.*\\| (★\\s)?${expert}\\s\\(${weight}\\)`));
    });
    assert.match(hover, /base → router-tuned/);

    await editor.edit(edit => edit.insert(new vscode.Position(0, 0), 'x'));
    assert.match(await hoverAt(document, place), /Stale/);
    await editor.edit(edit => edit.delete(new vscode.Range(0, 0, 0, 1)));
    assert.match(await hoverAt(document, place), / · context/);
    assert.doesNotMatch(await hoverAt(document, place), /Stale/);
  });

  test('a traced prompt is continued, and the tuned model’s tokens are marked', async () => {
    const content = fs.readFileSync(path.join(root, 'prompts/birthplace.txt'), 'utf8');
    const document = await vscode.workspace.openTextDocument({ content });
    await vscode.window.showTextDocument(document);
    const options = { model, maxNewTokens: 8 };
    const view = await vscode.commands.executeCommand<RoutingView>(commands.tracePrompt, options);
    const generated = view.tokens.slice(view.last_prompt_token + 1);
    assert.ok(generated.length > 0 && generated.length <= 8);
    assert.ok(generated.every(token => token.span === 'generated'));
    assert.equal(view.generated_by, 'tuned');
    assert.ok(view.text.slice(generated[0].start).trim().length > 0);
  });

  test('a selection is traced at its place', async () => {
    const document = await vscode.workspace.openTextDocument({
      content: 'first line\nWhere was Olga born?\nlast',
    });
    const editor = await vscode.window.showTextDocument(document);
    editor.selection = new vscode.Selection(1, 0, 1, 20);
    const view = await vscode.commands.executeCommand<RoutingView>(commands.tracePrompt, { model });
    assert.equal(view.text.slice(view.source.start, view.source.end), 'Where was Olga born?');
    assert.match(await hoverAt(document, new vscode.Position(1, 1)), /\| Layer \|/);
    assert.equal(await hoverAt(document, new vscode.Position(0, 1)), '');
  });

  test('a sample of a dataset is traced with its answer', async () => {
    const sample = { file: data.test, index: 0 };
    const view = await vscode.commands.executeCommand<RoutingView>(commands.traceSample, { model, sample });
    const [first] = JSON.parse(fs.readFileSync(data.test, 'utf8')) as { context: string; answer: string }[];
    assert.ok(view.text.includes(first.context));
    assert.ok(view.tokens.some(token => token.span === 'answer'));
    assert.ok(view.tokens.some(token => token.answer_in_context));
  });

  test('wrong input is one line that says what to do, and leaves no run', async () => {
    const before = fs.readdirSync(runs);
    await assert.rejects(identify({ train: path.join(root, 'data/missing.json') }), /missing\.json/);
    await assert.rejects(identify({ k: 0 }), /Options of the command: k:/);
    assert.deepEqual(fs.readdirSync(runs), before);
  });

  test('a killed engine: the job fails within two seconds, nothing half-written stays, the next job runs', async () => {
    const before = fs.readdirSync(runs);
    const job = identify({});
    const outcome = job.then(
      () => 'finished',
      (error: unknown) => String(error),
    );
    const isNew = (name: string): boolean =>
      !before.includes(name) && fs.existsSync(path.join(runs, name, 'run.json'));
    await until(() => fs.readdirSync(runs).some(isNew));
    const pid = lens.enginePid;
    assert.ok(pid);
    const killed = performance.now();
    process.kill(pid, 'SIGKILL');
    assert.match(await outcome, /killed \(SIGKILL\) – possibly out of memory/);
    assert.ok(performance.now() - killed < 2000);
    assert.deepEqual(fs.readdirSync(runs), before);

    const sample = { file: data.test, index: 1 };
    const view = await vscode.commands.executeCommand<RoutingView>(commands.traceSample, { model, sample });
    assert.ok(view.tokens.length > 0);
    assert.notEqual(lens.enginePid, pid);
  });

  function identify(options: object): Promise<IdentifyResult> {
    const request = { model, ...data, ...options };
    return Promise.resolve(vscode.commands.executeCommand<IdentifyResult>(commands.identify, request));
  }

  function labelOf(row: Parameters<RouterLens['sidebar']['experts']['getTreeItem']>[0]): unknown {
    return lens.sidebar.experts.getTreeItem(row).label;
  }
});

/** The text of all hovers at a place, of Router Lens or others. */
async function hoverAt(document: vscode.TextDocument, position: vscode.Position): Promise<string> {
  const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
    'vscode.executeHoverProvider',
    document.uri,
    position,
  );
  const contents = hovers.flatMap(hover => hover.contents);
  return contents.map(content => (content instanceof vscode.MarkdownString ? content.value : '')).join('\n');
}
