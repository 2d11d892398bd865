/** @file The side bar: what lies in the workspace, experts masked by a click, fine-tuning from the form, runs exported and deleted. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { panel, routerLens, sideBarView } from '../../scripts/lib/router-lens-window.mjs';
import {
  acceptProposedFolder,
  answerInputBox,
  chooseQuickPick,
  closeEditors,
  switchTheme,
  toast,
  toggleRow,
  treeRows,
} from '../../scripts/lib/workbench-window.mjs';
import { useWorkbench } from './session.mjs';

const { session, step, picture, staysOnThisMachine } = useWorkbench({
  settings: {
    'routerLens.limitTrain': 64,
    'routerLens.limitDev': 16,
    'routerLens.limitTest': 16,
    'routerLens.epochs': 1,
  },
});

const readJson = file => JSON.parse(readFileSync(file, 'utf8'));
const runsFolder = () => path.join(session.folder, '.router-lens/runs');
const runsOf = job =>
  readdirSync(runsFolder())
    .filter(name => name.endsWith(`-${job}`))
    .map(name => path.join(runsFolder(), name));

/** The newest evaluation on the dev set. */
const lastEvaluation = folder =>
  readFileSync(path.join(folder, 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
    .findLast(({ split }) => split === 'dev');

/** A row of a tree by what its name starts with. */
const row = (view, text) =>
  treeRows(view).filter({ has: session.page.locator('.label-name', { hasText: text }) });

/** The document of the CEFT view. */
const form = () => panel(session.page);
const field = name => form().locator(`[data-field="${name}"]`);
const number = name => field(name).locator('input');
const button = action => form().locator(`vscode-button[data-action="${action}"]`);

step('Models and Datasets list what lies in the workspace', async () => {
  const { page } = session;
  const models = await sideBarView(page, 'Models');
  await row(models, 'facts-moe').filter({ hasText: '16 experts, top-2' }).waitFor();
  await toggleRow(row(models, 'facts-moe'));
  await row(models, 'Data type').filter({ hasText: 'BF16' }).waitFor();
  await picture('sidebar-models-dark');

  const datasets = await sideBarView(page, 'Datasets');
  await toggleRow(row(datasets, /^swap$/));
  const test = row(datasets, /^test$/);
  const samples = readJson(path.join(session.folder, 'data/swap_test.json'));
  await test.filter({ hasText: `${samples.length.toLocaleString('en')} samples` }).waitFor();
  await toggleRow(test);
  const third = row(datasets, `2: ${samples[2].question}`);
  await third.filter({ hasText: `→ ${samples[2].answer}` }).waitFor();
  await picture('sidebar-datasets-dark');
  await third.click();
  await page
    .locator('.editor-instance .monaco-editor[data-uri$="/swap_test.json"] .view-line')
    .first()
    .waitFor();
  await closeEditors(page);
});

step(
  'Runs says how to begin, and shows a run once there is one',
  async () => {
    const { page } = session;
    const view = await sideBarView(page, 'Runs');
    // The title has a button of that name, too.
    await view.locator('.welcome-view-content').getByText('Identify Context-Faithful Experts').waitFor();
    await routerLens(page, 'Identify Context-Faithful Experts');
    await chooseQuickPick(page, 'facts-moe');
    await chooseQuickPick(page, 'swap (train, dev, test)');
    await toast(page, 'Context-faithful experts found').waitFor({ timeout: 180_000 });
    await row(view, 'Identify')
      .filter({ hasText: /EM \d.* → \d/ })
      .waitFor();
    await picture('sidebar-runs-dark');
  },
  { timeout: 240_000 },
);

step('an expert is masked by its checkbox, and the view says so', async () => {
  const { page } = session;
  const view = await sideBarView(page, 'Experts');
  await toggleRow(row(view, 'Layer 0'));
  const [folder] = runsOf('identify');
  const { ce } = readJson(path.join(folder, 'context-dependence.json'));
  const first = row(view, `★ ${ce[0][0]}`).first();
  await first.locator('.monaco-custom-toggle').click();
  await view.getByText('masked: Masked experts (1 expert in layer 0)').waitFor();
  await first.filter({ hasText: 'masked' }).waitFor();
  await picture('sidebar-experts-masked-dark');
  await routerLens(page, 'Save Masked Set As…');
  await answerInputBox(page, 'first of layer 0');
  const file = path.join(session.folder, '.router-lens/masks/first of layer 0.json');
  await view.getByText('masked: first of layer 0 (').waitFor();
  assert.deepEqual(readJson(file).experts, { 0: [ce[0][0]] });
  await routerLens(page, 'Clear Masked Experts');
  await view.getByText('masked: ').first().waitFor({ state: 'detached' });
});

step(
  'the CEFT form says what is wrong with it, and estimates',
  async () => {
    const { page } = session;
    await sideBarView(page, 'CEFT');
    await number('epochs').waitFor();
    await number('epochs').fill('0');
    await field('epochs').getByText('More than 0.').waitFor();
    assert.equal(await number('epochs').getAttribute('aria-invalid'), 'true');
    await form().getByText('Correct the marked field to start.').waitFor();
    assert.equal(await button('start').getAttribute('disabled'), '');
    await picture('sidebar-ceft-invalid-dark');
    await number('epochs').fill('12');
    assert.equal(await number('epochs').getAttribute('aria-invalid'), 'false');
    await button('estimate').click();
    await form().getByText('Trainable parameters').waitFor({ timeout: 120_000 });
    for (const theme of ['light', 'high contrast']) {
      await switchTheme(page, theme);
      await picture(`sidebar-ceft-${theme.replace(' ', '-')}`);
    }
    await switchTheme(page, 'dark');
  },
  { timeout: 240_000 },
);

step(
  'CEFT shows its loss while it trains, is stopped, goes on and ends',
  async () => {
    await button('start').click();
    await form()
      .getByText(/step [3-9]\d of 96/)
      .waitFor({ timeout: 120_000 });
    const loss = form().locator('.sparkline').filter({ hasText: /^Loss/ });
    assert.match(await loss.locator('b').innerText(), /^\d+\.\d{3}$/);
    await picture('sidebar-ceft-training-dark');
    await button('stop').click();
    await form().getByText('Stopped; it can go on.').waitFor({ timeout: 60_000 });
    const [folder] = runsOf('finetune');
    assert.equal(readJson(path.join(folder, 'run.json')).status, 'cancelled');
    await button('resume').click();
    await form().getByText('Done.').waitFor({ timeout: 240_000 });
    await form()
      .getByText(/Test exact match \d.* → \d.* %/)
      .waitFor();
    assert.equal(readJson(path.join(folder, 'run.json')).status, 'done');
    const dev = form().locator('.sparkline').filter({ hasText: 'Dev exact match, %' });
    assert.equal(await dev.locator('b').innerText(), lastEvaluation(folder).em.toFixed(1));
    await picture('sidebar-ceft-done-dark');
  },
  { timeout: 480_000 },
);

step('what the form holds survives a hidden view', async () => {
  const { page } = session;
  await sideBarView(page, 'Runs');
  await sideBarView(page, 'CEFT');
  await number('epochs').waitFor();
  await form().getByText('Done.').waitFor();
  assert.equal(await number('epochs').inputValue(), '12');
});

step('a run is exported and deleted, after asking', async () => {
  const { page } = session;
  const view = await sideBarView(page, 'Runs');
  await row(view, 'CEFT').waitFor();
  const [folder] = runsOf('finetune');
  await routerLens(page, 'Export Run…');
  await chooseQuickPick(page, 'CEFT');
  await chooseQuickPick(page, 'safetensors checkpoint');
  await acceptProposedFolder(page, session.folder, 'Export Here');
  await toast(page, 'tuned tensors').waitFor({ timeout: 60_000 });
  const out = path.join(session.folder, `facts-moe-${path.basename(folder)}-safetensors`);
  assert.ok(existsSync(path.join(out, 'model.safetensors')));

  await routerLens(page, 'Delete Run…');
  await chooseQuickPick(page, 'CEFT');
  const dialog = page.locator('.monaco-dialog-box');
  await picture('sidebar-delete-dark');
  await dialog.getByRole('button', { name: 'Move to Trash' }).click();
  // A server has no trash.
  await dialog.getByRole('button', { name: 'Delete Permanently' }).click();
  await row(view, 'CEFT').waitFor({ state: 'detached' });
  assert.ok(!existsSync(folder));
  assert.equal(runsOf('identify').length, 1);
});

staysOnThisMachine();
