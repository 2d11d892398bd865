/** @file The views of the side bar: what they list, what their commands do. */
import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';

import * as vscode from 'vscode';

import { lockRun } from '../../../src/common/run-lock';
import type { RouterLens } from '../../../src/extension/extension';
import { commands, extensionId } from '../../../src/extension/manifest';
import type { MaskedSet } from '../../../src/extension/masks/masked-set';
import type { RouterLensApi } from '../../../src/extension/start';
import type { ContextDependence } from '../../../src/protocol/artifacts';
import type { EvaluationAnswer } from '../../../src/protocol/evaluation';
import type { IdentifyResult } from '../../../src/protocol/jobs';
import { until } from '../until';

suite('side bar', () => {
  let lens: RouterLens;
  let root: string;
  let model: string;
  let runs: string;
  let run: string;
  let found: ContextDependence;

  suiteSetup(async function () {
    this.timeout(120_000);
    const extension = vscode.extensions.getExtension<RouterLensApi>(extensionId);
    assert.ok(extension);
    lens = await (await extension.activate()).complete();
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    root = folder.uri.fsPath;
    model = path.join(root, 'facts-moe');
    runs = path.join(root, '.router-lens/runs');
    const file = (split: string): string => path.join(root, `data/swap_${split}.json`);
    const request = {
      ...{ model, train: file('train'), dev: file('dev'), test: file('test') },
      ...{ limit_train: 16, limit_dev: 8, limit_test: 4, training: { max_steps: 1 } },
    };
    const result = await vscode.commands.executeCommand<IdentifyResult>(commands.identify, request);
    run = result.run_folder;
    found = JSON.parse(
      fs.readFileSync(path.join(run, 'context-dependence.json'), 'utf8'),
    ) as ContextDependence;
  });

  setup(() => vscode.commands.executeCommand(commands.clearMasks));

  test('Models lists the checkpoint with its geometry, and the engine’s word on it when it is opened', async () => {
    const { models } = lens.sidebar;
    const [row, ...others] = await models.getChildren();
    assert.deepEqual(others, []);
    const { label, description, contextValue } = models.getTreeItem(row);
    assert.equal(label, 'facts-moe');
    assert.match(String(description), /6 layers . 16 experts, top-2 .* MB/);
    assert.match(String(contextValue), /^checkpoint /);
    const facts = (await models.getChildren(row)).map(fact => models.getTreeItem(fact));
    const value = (name: string): unknown => facts.find(fact => fact.label === name)?.description;
    assert.deepEqual(
      [value('Family'), value('Experts a layer'), value('Experts a token'), value('Data type')],
      ['olmoe', '16', '2', 'BF16'],
    );
    await vscode.commands.executeCommand(commands.selectModel, row);
    assert.match(String(models.getTreeItem((await models.getChildren())[0]).contextValue), /chosen/);
  });

  test('Datasets lists files by splits, with their first samples', async () => {
    const { datasets } = lens.sidebar;
    const rows = await datasets.getChildren();
    const items = await Promise.all(rows.map(row => datasets.getTreeItem(row)));
    const labels = items.map(({ label }) => (typeof label === 'string' ? label : label?.label));
    assert.ok(labels.includes('swap') && labels.includes('closed'), labels.join());
    const swap = rows[labels.indexOf('swap')];
    assert.match(String(items[labels.indexOf('closed')].description), /without context/);
    const splits = await datasets.getChildren(swap);
    const samples = JSON.parse(fs.readFileSync(path.join(root, 'data/swap_test.json'), 'utf8')) as {
      question: string;
      answer: string;
    }[];
    const test = await datasets.getTreeItem(splits[2]);
    assert.equal(test.label, 'test');
    assert.match(
      String(test.description),
      new RegExp(`^${samples.length.toLocaleString('en')} samples · ≈ \\d+ words`),
    );
    const [, second] = await datasets.getChildren(splits[2]);
    const item = await datasets.getTreeItem(second);
    assert.equal(item.label, `1: ${samples[1].question}`);
    assert.equal(item.description, `→ ${samples[1].answer}`);

    await vscode.commands.executeCommand(commands.openSample, second);
    const editor = vscode.window.activeTextEditor;
    assert.ok(editor);
    assert.deepEqual(JSON.parse(editor.document.getText(editor.selection)), samples[1]);
  });

  test('Experts can be sorted by change and restricted to context-faithful ones', async () => {
    const { experts } = lens.sidebar;
    await vscode.commands.executeCommand(commands.sortExpertsByChange);
    const [first] = experts.getChildren();
    const change = (expert: number): number => found.ratio.tuned[0][expert] - found.ratio.base[0][expert];
    const shown = experts.getChildren(first).flatMap(row => (row.kind === 'expert' ? [row.expert] : []));
    assert.deepEqual(
      shown.map(change),
      found.ratio.tuned[0].map((_, expert) => change(expert)).sort((a, b) => b - a),
    );
    await vscode.commands.executeCommand(commands.sortExpertsByRatio);
    await vscode.commands.executeCommand(commands.showContextFaithfulOnly);
    const faithful = experts.getChildren(experts.getChildren()[0]);
    assert.deepEqual(
      faithful.map(row => experts.getTreeItem(row).label),
      found.ce[0].map(expert => `★ ${expert}`),
    );
    await vscode.commands.executeCommand(commands.showAllExperts);
    assert.equal(experts.getChildren(experts.getChildren()[0]).length, found.num_experts);
  });

  test('experts are masked one by one, never too many, and the view shows it', async () => {
    const { masks } = lens.sidebar;
    await vscode.commands.executeCommand(commands.maskExpert, { layer: 0, expert: 3 });
    await vscode.commands.executeCommand(commands.maskExpert, { layer: 0, expert: 1 });
    assert.deepEqual(masks.active?.experts, { 0: [1, 3] });
    assert.equal(masks.active.model, model);
    const layer = lens.sidebar.experts.getChildren()[0];
    const row = lens.sidebar.experts
      .getChildren(layer)
      .find(each => each.kind === 'expert' && each.expert === 3);
    assert.ok(row);
    const item = lens.sidebar.experts.getTreeItem(row);
    assert.equal(item.contextValue, 'expert masked');
    assert.equal((item.checkboxState as { state: unknown }).state, vscode.TreeItemCheckboxState.Checked);
    await vscode.commands.executeCommand(commands.unmaskExpert, row);
    assert.deepEqual(masks.active?.experts, { 0: [1] });
    for (let expert = 2; expert < found.num_experts - found.top_k + 1; expert++)
      await vscode.commands.executeCommand(commands.maskExpert, { layer: 0, expert });
    await assert.rejects(
      async () => vscode.commands.executeCommand(commands.maskExpert, { layer: 0, expert: 0 }),
      /each token is sent to 2/,
    );
  });

  test('a masked set is saved under a name, cleared, and chosen again', async () => {
    const { masks } = lens.sidebar;
    await vscode.commands.executeCommand(commands.chooseMask, { name: 'Context-faithful experts (CE)' });
    assert.deepEqual(masks.active?.experts, found.ce);
    await vscode.commands.executeCommand(commands.saveMask, { name: 'ce of swap' });
    const file = path.join(root, '.router-lens/masks/ce of swap.json');
    const saved = JSON.parse(fs.readFileSync(file, 'utf8')) as MaskedSet;
    assert.deepEqual(saved, { name: 'ce of swap', model, experts: found.ce });
    await vscode.commands.executeCommand(commands.clearMasks);
    assert.equal(masks.active, undefined);
    await vscode.commands.executeCommand(commands.chooseMask, { name: 'ce of swap' });
    assert.deepEqual(masks.active, saved);
    await assert.rejects(
      async () => vscode.commands.executeCommand(commands.saveMask, { name: '../up' }),
      /Begin with a letter/,
    );
  });

  test('an evaluation uses the active mask, and is in the history with a copy of it', async () => {
    const data = path.join(root, 'data/swap_test.json');
    await vscode.commands.executeCommand(commands.chooseMask, { name: 'Context-faithful experts (CE)' });
    const options = { model, data, run: null, limit: 4 };
    const masked = await vscode.commands.executeCommand<EvaluationAnswer>(commands.evaluate, options);
    const folder = path.dirname(masked.files[0]);
    const copy = JSON.parse(fs.readFileSync(path.join(folder, 'mask.json'), 'utf8')) as MaskedSet;
    assert.deepEqual(copy.experts, found.ce);
    assert.equal(masked.evaluation.settings.mask, path.join(folder, 'mask.json'));
    const [row] = lens.sidebar.runs.getChildren();
    assert.equal(row.path, folder);
    assert.match(String(lens.sidebar.runs.getTreeItem(row).description), /^facts-moe · EM \d/);
    await vscode.commands.executeCommand(commands.openRun, { run: folder });
    assert.match(vscode.window.activeTextEditor?.document.getText() ?? '', /^sample,prediction,answers/);
    await vscode.commands.executeCommand(commands.deleteRun, { run: folder, permanently: true });
    assert.ok(!fs.existsSync(folder));
  });

  test('evaluations that are asked for at once have folders of their own; one that fails takes nothing along', async () => {
    const options = { model, run: null, limit: 2 };
    const evaluate = (data: string): Thenable<EvaluationAnswer> =>
      vscode.commands.executeCommand<EvaluationAnswer>(commands.evaluate, { ...options, data });
    const before = fs.readdirSync(runs);
    const [first, failed, second] = await Promise.allSettled([
      evaluate(path.join(root, 'data/swap_test.json')),
      evaluate(path.join(root, 'data/missing.json')),
      evaluate(path.join(root, 'data/swap_dev.json')),
    ]);
    assert.ok(first.status === 'fulfilled' && second.status === 'fulfilled' && failed.status === 'rejected');
    const folders = [first, second].map(({ value }) => path.dirname(value.files[0]));
    const made = fs.readdirSync(runs).filter(name => !before.includes(name));
    assert.deepEqual(made.map(name => path.join(runs, name)).sort(), folders.sort());
    for (const folder of folders) assert.ok(fs.existsSync(path.join(folder, 'evaluation.json')));
    for (const run of folders)
      await vscode.commands.executeCommand(commands.deleteRun, { run, permanently: true });
  });

  test('a run that runs, and what is no run, are never deleted', async () => {
    const folder = path.join(runs, '20260101T000000Z-finetune');
    fs.mkdirSync(folder);
    const record = JSON.parse(fs.readFileSync(path.join(run, 'run.json'), 'utf8')) as object;
    const unlock = lockRun(folder); // as another window's engine does
    fs.writeFileSync(path.join(folder, 'run.json'), JSON.stringify({ ...record, status: 'running' }));
    await vscode.commands.executeCommand(commands.refreshRuns);
    const remove = async (target: string): Promise<unknown> =>
      vscode.commands.executeCommand(commands.deleteRun, { run: target, permanently: true });
    await assert.rejects(() => remove(folder), /process \d+ on .* is writing this run/);
    for (const other of [model, root, runs, path.join(runs, '..')])
      await assert.rejects(() => remove(other), /is not the folder of a run/);
    // Its process has died: it says that it runs, and is interrupted.
    unlock();
    await vscode.commands.executeCommand(commands.refreshRuns);
    const row = lens.sidebar.runs.getChildren().find(each => each.path === folder);
    assert.ok(row);
    assert.match(String(lens.sidebar.runs.getTreeItem(row).description), /^interrupted · facts-moe/);
    await remove(folder);
    assert.ok(!fs.existsSync(folder) && fs.existsSync(model));
  });

  test('a run is exported as a checkpoint, and its report is copied', async () => {
    const out = path.join(root, 'exported');
    await vscode.commands.executeCommand(commands.exportRun, { run, format: 'safetensors', out });
    assert.ok(fs.readdirSync(out).some(name => name.endsWith('.safetensors')));
    await vscode.commands.executeCommand(commands.exportRun, { run, format: 'report', out });
    assert.ok(fs.existsSync(path.join(out, 'report.html')));
    fs.rmSync(out, { recursive: true });
  });

  test('the CEFT form offers what the workspace has, and estimates before anything is written', async () => {
    const ceft = await lens.ceft();
    await vscode.commands.executeCommand(commands.runCeft);
    await vscode.commands.executeCommand(commands.selectModel, { model });
    const before = fs.readdirSync(runs);
    await until(() => ceft.form.dataset !== '');
    assert.deepEqual([ceft.form.experts, ceft.form.lr, ceft.form.limit_train], [run, '0.003', '800']);
    await ceft.change({ ...ceft.form, epochs: '0' });
    await assert.rejects(() => ceft.act('start'), /epochs: More than 0/);
    await ceft.change({ ...ceft.form, epochs: '1', limit_train: '16', limit_dev: '8', limit_test: '4' });
    await ceft.act('estimate');
    const { estimated } = ceft;
    assert.ok(estimated.state === 'done');
    assert.deepEqual(estimated.result.problems, []);
    assert.deepEqual(estimated.result.samples, { train: 16, dev: 8, test: 4 });
    // Three matrices of 96 × 128 for each expert that the run lists.
    const listed = Object.values(found.ce).reduce((sum, experts) => sum + experts.length, 0);
    assert.equal(estimated.result.trainable_parameters, listed * 3 * 96 * 128);
    assert.deepEqual(fs.readdirSync(runs), before);
  });

  test('CEFT is stopped, shown as such, and goes on to its end', async () => {
    const request = {
      ...{ method: 'ceft', model, experts: path.join(run, 'context-dependence.json') },
      ...{ train: path.join(root, 'data/swap_train.json'), dev: path.join(root, 'data/swap_dev.json') },
      ...{ limit_train: 64, limit_dev: 8, training: { max_steps: 10, checkpoint_every: 1, lr: 0.003 } },
    };
    const before = fs.readdirSync(runs);
    const job = Promise.resolve(vscode.commands.executeCommand(commands.runCeft, request)).then(
      () => 'finished',
      (error: unknown) => String(error),
    );
    const folder = (): string | undefined => fs.readdirSync(runs).find(name => !before.includes(name));
    const state = (): string => path.join(runs, folder() ?? '', 'checkpoint/training.safetensors');
    await until(() => folder() !== undefined && fs.existsSync(state()));
    await vscode.commands.executeCommand(commands.stopTraining);
    assert.match(await job, /Cancelled/);
    const stopped = path.join(runs, folder() ?? '');
    const item = (): vscode.TreeItem | undefined => {
      const row = lens.sidebar.runs.getChildren().find(each => each.path === stopped);
      return row && lens.sidebar.runs.getTreeItem(row);
    };
    assert.match(String(item()?.contextValue), /cancelled.* resumable/);
    const resume = (): Thenable<unknown> =>
      vscode.commands.executeCommand(commands.resumeRun, { run: stopped });
    const unlock = lockRun(stopped); // another window goes on with it
    await assert.rejects(async () => resume(), /process \d+ on .* is writing this run/);
    unlock();
    await resume();
    assert.match(String(item()?.contextValue), /done weights/);
    const lines = fs.readFileSync(path.join(stopped, 'metrics.jsonl'), 'utf8').trim().split('\n');
    const steps = lines.map(line => JSON.parse(line) as { step: number; split?: string });
    assert.deepEqual(
      steps.filter(({ split }) => split === undefined).map(({ step }) => step),
      Array.from({ length: 10 }, (_, i) => i),
    );
  });
});
