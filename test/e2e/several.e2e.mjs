/** @file A workspace with several checkpoints, datasets and runs: each view and command is about the right one. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, truncateSync } from 'node:fs';
import path from 'node:path';

import { panel, panelShows, routerLens, sideBarView } from '../../scripts/lib/router-lens-window.mjs';
import {
  chooseFromContextMenu,
  chooseQuickPick,
  closeEditors,
  openFile,
  toggleRow,
  treeRows,
} from '../../scripts/lib/workbench-window.mjs';
import { useWorkbench } from './session.mjs';

const { session, step, picture, staysOnThisMachine } = useWorkbench({
  settings: {
    'routerLens.limitTrain': 32,
    'routerLens.limitDev': 8,
    'routerLens.limitTest': 8,
    'routerLens.epochs': 1,
  },
  prepare: folder => {
    const model = path.join(folder, 'facts-moe');
    for (const name of ['second', 'cut'])
      cpSync(model, path.join(folder, 'models', name), { recursive: true });
    truncateSync(path.join(folder, 'models/cut/model.safetensors'), 5000);
    mkdirSync(path.join(folder, 'answers'));
    cpSync(path.join(folder, 'data/reading_dev.json'), path.join(folder, 'answers/dev.json'));
  },
});

/** A row of a tree by what its name starts with. */
const row = (view, text) =>
  treeRows(view).filter({ has: session.page.locator('.label-name', { hasText: text }) });

const runs = () => path.join(session.folder, '.router-lens/runs');
const finished = () =>
  readdirSync(runs()).map(name => JSON.parse(readFileSync(path.join(runs(), name, 'run.json'), 'utf8')));

async function identify(model) {
  const { page } = session;
  await routerLens(page, 'Identify Context-Faithful Experts');
  await chooseQuickPick(page, model);
  await chooseQuickPick(page, 'swap (train, dev, test)');
  const view = await sideBarView(page, 'Experts');
  await view.getByText(`${model} · `).waitFor({ timeout: 120_000 });
}

/** What the Routing panel says of the trace: checkpoint and run. */
async function traced() {
  const { page } = session;
  await closeEditors(page);
  await openFile(page, 'birthplace.txt');
  await routerLens(page, 'Trace Routing of This Prompt');
  await panelShows(page, '[data-token="0"]');
  const [model, run] = await panel(page).locator('.toolbar .fact').allTextContents();
  return { model, run };
}

step('Models tells those that work from one that is cut off; Datasets names each by its place', async () => {
  const { page } = session;
  const models = await sideBarView(page, 'Models');
  await row(models, /^facts-moe$/).waitFor();
  await row(models, /^second$/).waitFor();
  await toggleRow(row(models, /^cut$/));
  await row(models, /^cut$/).filter({ hasText: 'not supported: model.safetensors: ' }).waitFor();
  await picture('several-models-dark');
  const datasets = await sideBarView(page, 'Datasets');
  await row(datasets, 'answers/dev').waitFor();
  await row(datasets, /^swap$/).waitFor();
});

step(
  'what was identified last is what a trace is made with',
  async () => {
    await identify('second');
    const { model, run } = await traced();
    assert.equal(model, 'Modelsecond');
    assert.match(run, /-identify$/);
  },
  { timeout: 180_000 },
);

step('a checkpoint that is chosen is traced, without the run of another', async () => {
  const { page } = session;
  await routerLens(page, 'Select Checkpoint…');
  await chooseQuickPick(page, 'facts-moe');
  assert.deepEqual(await traced(), { model: 'Modelfacts-moe', run: 'Runnone: base model only' });
});

step(
  'runs of two checkpoints stand side by side',
  async () => {
    const { page } = session;
    await identify('facts-moe');
    const { model, run } = await traced();
    assert.equal(model, 'Modelfacts-moe');
    assert.match(run, /-identify$/);
    assert.deepEqual(
      finished().map(({ model, status }) => `${model.name}: ${status}`),
      ['second: done', 'facts-moe: done'],
    );
    const view = await sideBarView(page, 'Runs');
    await row(view, 'Identify').filter({ hasText: 'second' }).click();
    await row(view, 'Identify')
      .filter({ hasText: 'facts-moe' })
      .click({ modifiers: ['Control'] });
    await chooseFromContextMenu(
      page,
      row(view, 'Identify').filter({ hasText: 'facts-moe' }),
      'Compare Runs…',
    );
    await panel(page).getByText('2 runs of second, facts-moe').waitFor();
    await picture('several-comparison-dark');
  },
  { timeout: 180_000 },
);

staysOnThisMachine();
