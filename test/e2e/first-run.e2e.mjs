/** @file docs/first-run.md, step by step: a heading there without an action here, or the other way round, is a failure. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { root } from '../../scripts/lib/paths.mjs';
import {
  chooseRouters,
  expertsView,
  panel,
  panelShows,
  promptTokens,
  readLayer,
  routerLens,
  sideBarView,
  tracePrompt,
} from '../../scripts/lib/router-lens-window.mjs';
import {
  chooseQuickPick,
  closeEditors,
  hoverWord,
  openContainer,
  openFile,
  toast,
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
const runOf = job => {
  const runs = path.join(session.folder, '.router-lens/runs');
  const names = readdirSync(runs).filter(name => name.endsWith(`-${job}`));
  assert.equal(names.length, 1);
  return path.join(runs, names[0]);
};

/** Heading in the document → what a reader does. The window is open on a copy of the demo, where step 2 leads. */
const actions = {
  async Install() {
    await openContainer(session.page, 'Router Lens');
  },

  async 'Open the demo'() {
    const { page } = session;
    await routerLens(page, 'Open the Demo');
    await toast(page, 'This is the demo.').getByRole('button', { name: 'Identify Experts' }).waitFor();
    for (const entry of ['facts-moe', 'data', 'prompts'])
      assert.ok(readdirSync(session.folder).includes(entry));
  },

  async 'Identify the context-faithful experts'() {
    const { page } = session;
    await routerLens(page, 'Identify Context-Faithful Experts');
    await chooseQuickPick(page, 'facts-moe');
    await chooseQuickPick(page, 'swap (train, dev, test)');
    const job = page.locator('.statusbar-item[id$="routerLens.job"]');
    await job.getByText(/\d+ %/).waitFor({ timeout: 60_000 });
    await picture('first-run-status-bar');
    await toast(page, 'Context-faithful experts found in 6 layers of facts-moe').waitFor({
      timeout: 120_000,
    });
    await job.waitFor({ state: 'detached' });
    assert.equal(readJson(path.join(runOf('identify'), 'run.json')).status, 'done');
  },

  async 'Read the experts'() {
    const { ce } = readJson(path.join(runOf('identify'), 'context-dependence.json'));
    const experts = await readLayer(await expertsView(session.page), 5);
    const starred = experts.map(([name]) => name).filter(name => name.startsWith('★'));
    assert.deepEqual(
      starred,
      ce[5].map(expert => `★ ${expert}`),
    );
  },

  async 'Trace a prompt'() {
    const { page } = session;
    await openFile(page, 'birthplace.txt');
    await tracePrompt(page);
    assert.ok((await promptTokens(page)).join('').includes('Nerminster'));
    for (const side of ['Base', 'Tuned', 'Difference']) await chooseRouters(page, side);
    await page.locator('.editor-instance .glyph-margin-widgets .cgmr').first().waitFor();
    await picture('first-run-trace');
  },

  async 'Hover over a word'() {
    const { page } = session;
    const hover = await hoverWord(page, 'Nerminster', 'context-faithful expert');
    assert.match(hover, / context/);
    await picture('first-run-hover');
  },

  async 'Trace a sample of the dataset'() {
    const { page } = session;
    await closeEditors(page);
    await openFile(page, 'swap_test.json');
    const lenses = page.locator('.codelens-decoration a').filter({ hasText: /Trace$/ });
    await lenses.first().waitFor();
    await picture('first-run-code-lens');
    await lenses.first().click();
    await panelShows(page, '.tokens .answer');
    const [sample] = readJson(path.join(session.folder, 'data/swap_test.json'));
    assert.equal((await panel(page).locator('.tokens .answer').first().innerText()).trim(), sample.answer);
    await closeEditors(page);
  },

  async 'Fine-tune only those experts'() {
    const { page } = session;
    await sideBarView(page, 'CEFT');
    await panel(page).locator('vscode-button[data-action="start"]').click();
    await panel(page).getByText('Done.').waitFor({ timeout: 240_000 });
    await panel(page)
      .getByText(/Test exact match \d.* → \d.* %/)
      .waitFor();
    await picture('first-run-ceft');
    const { status, job } = readJson(path.join(runOf('finetune'), 'run.json'));
    assert.deepEqual([status, job], ['done', 'finetune']);
  },

  async 'Look at the run'() {
    const { page } = session;
    const runs = await sideBarView(page, 'Runs');
    const rows = treeRows(runs).and(page.locator('[aria-level="1"]'));
    await rows.filter({ hasText: 'CEFT' }).waitFor();
    assert.equal(await rows.count(), 2);
    await picture('first-run-runs');
  },
};

const document = readFileSync(path.join(root, 'docs/first-run.md'), 'utf8');
const headings = [...document.matchAll(/^## (\d+)\. (.+)$/gm)].map(([, number, name]) => ({ number, name }));

test('the document and this file have the same steps, numbered', () => {
  assert.deepEqual(
    headings.map(({ number, name }) => `${number} ${name}`),
    Object.keys(actions).map((name, i) => `${i + 1} ${name}`),
  );
});

for (const [name, action] of Object.entries(actions)) step(name, action, { timeout: 300_000 });

staysOnThisMachine();
