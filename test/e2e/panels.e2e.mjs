/** @file Training, Comparison and Analysis panels: a short run of the demo, a reload, two runs beside each other, saved files. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { root } from '../../scripts/lib/paths.mjs';
import { panel, routerLens, sideBarView } from '../../scripts/lib/router-lens-window.mjs';
import { runNode } from '../../scripts/lib/run.mjs';
import {
  chooseQuickPick,
  closeEditors,
  reloadWindow,
  switchTheme,
  treeRows,
} from '../../scripts/lib/workbench-window.mjs';
import { accessibilityProblems } from './axe.mjs';
import { useWorkbench } from './session.mjs';

const { session, step, picture, staysOnThisMachine } = useWorkbench({
  settings: { 'files.simpleDialog.enable': true, 'routerLens.limitTest': 8 },
});

const runFolder = name => path.join(session.folder, '.router-lens/runs', name);
const readLines = file => readFileSync(file, 'utf8').trimEnd().split('\n');
const identified = '20260101T100000Z-identify';
const finetuned = '20260101T110000Z-finetune';

/** Short runs of the command line; the window sees them by itself. */
async function makeRuns() {
  const data = split => path.join(session.folder, `data/swap_${split}.json`);
  const common = [
    ...[path.join(session.folder, 'facts-moe'), '--train', data('train'), '--limit-train', '24'],
    ...['--dev', data('dev'), '--limit-dev', '8', '--test', data('test'), '--limit-test', '8'],
    ...['--lr', '3e-3', '--epochs', '1'],
  ];
  const run = (...args) => runNode(['dist/cli.js', ...args], { capture: true });
  await run('identify', ...common, '--out', runFolder(identified));
  const experts = path.join(runFolder(identified), 'context-dependence.json');
  await run('finetune', ...common, '--method', 'ceft', '--experts', experts, '--out', runFolder(finetuned));
}

const heading = name => panel(session.page).getByRole('heading', { name, exact: true });

/** Chooses an entry of a figure's menu, and where the file goes. */
async function save(figure, entry, file) {
  const { page } = session;
  await figure.getByRole('button', { name: /^Picture and numbers/ }).click();
  await figure.getByRole('menuitem', { name: entry }).click();
  // The dialog proposes a name before it takes another one.
  await page.waitForFunction(
    ending => document.querySelector('.quick-input-widget input[type="text"]')?.value.endsWith(ending),
    path.extname(file),
  );
  const input = page.locator('.quick-input-widget input[type="text"]').first();
  await input.fill(file);
  // Enter counts once the dialog has gone to the folder.
  await page.locator('.quick-input-list .monaco-list-row', { hasText: 'facts-moe' }).waitFor();
  await input.press('Enter');
  await page
    .locator('.notifications-toasts')
    .getByText(`${path.basename(file)} is saved.`)
    .waitFor();
}

const chart = title => panel(session.page).locator('figure.chart', { hasText: title });

step(
  'the Training panel shows a finished run, its numbers those of the run',
  async () => {
    await makeRuns();
    await routerLens(session.page, 'Show Training');
    await heading('CEFT of facts-moe').waitFor();
    await chart('Loss by step').waitFor();
    const { results } = JSON.parse(readFileSync(path.join(runFolder(finetuned), 'run.json'), 'utf8'));
    const parameters = panel(session.page).locator('.headlines div', { hasText: 'Trainable parameters' });
    assert.ok((await parameters.innerText()).includes(results.trainable_parameters.toLocaleString('en-US')));
    await picture('training-dark');
    await switchTheme(session.page, 'light');
    await picture('training-light');
    await switchTheme(session.page, 'dark');
  },
  { timeout: 180_000 },
);

step('a chart is read by the keyboard, and as a table', async () => {
  const loss = chart('Loss by step');
  const [first] = readLines(path.join(runFolder(finetuned), 'metrics.jsonl')).map(line => JSON.parse(line));
  await loss.locator('.canvas canvas').focus();
  await session.page.keyboard.press('ArrowRight');
  const said = await loss.locator('[aria-live]').innerText();
  assert.equal(said, `step 0: training batch ${first.loss.toFixed(2)}`);
  await loss.getByRole('button', { name: 'Table' }).click();
  const cells = await loss.locator('tbody tr').first().locator('th, td').allInnerTexts();
  assert.deepEqual(cells.slice(0, 2), ['0', String(Number(first.loss.toPrecision(6)))]);
  await loss.getByRole('button', { name: 'Table' }).click();
});

step('its numbers and its picture are saved', async () => {
  const csv = path.join(session.folder, 'loss.csv');
  await save(chart('Loss by step'), 'Save CSV…', csv);
  const lines = readLines(path.join(runFolder(finetuned), 'metrics.jsonl')).map(line => JSON.parse(line));
  const steps = lines.filter(line => !('split' in line));
  const [head, ...rows] = readLines(csv);
  assert.equal(head, 'step,training batch,dev');
  for (const { step: at, loss } of steps)
    assert.equal(rows.find(row => row.startsWith(`${at},`)).split(',')[1], String(loss));
  const svg = path.join(session.folder, 'loss.svg');
  await save(chart('Loss by step'), 'Save SVG…', svg);
  assert.match(readFileSync(svg, 'utf8'), /<title>Loss by step, nats<\/title>/);
  const png = path.join(session.folder, 'loss.png');
  await save(chart('Loss by step'), 'Save PNG…', png);
  assert.deepEqual([...readFileSync(png).subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47]);
});

step(
  'the Training panel survives a reload of the window',
  async () => {
    const { page } = session;
    await reloadWindow(page);
    await heading('CEFT of facts-moe').waitFor({ timeout: 60_000 });
    await chart('Loss by step').waitFor();
    assert.deepEqual(await accessibilityProblems(panel(page)), []);
    await closeEditors(page);
  },
  { timeout: 180_000 },
);

step('two runs are compared', async () => {
  const { page } = session;
  await routerLens(page, 'Compare Runs…');
  await page.locator('.quick-input-list .monaco-list-row').nth(1).waitFor();
  for (const name of ['CEFT', 'Identify'])
    await page.locator('.quick-input-list .monaco-list-row', { hasText: name }).click();
  await page.locator('.quick-input-widget').getByText('2 Selected').waitFor();
  await page.locator('.quick-input-widget .monaco-button', { hasText: 'OK' }).click();
  await heading('Comparison of runs').waitFor();
  const rows = panel(page).locator('.methods-table tbody tr');
  await rows.nth(2).waitFor();
  const names = await rows.locator('th').allInnerTexts();
  assert.deepEqual(names.sort(), ['CEFT', 'Router tuning', 'base']);
  const { results } = JSON.parse(readFileSync(path.join(runFolder(identified), 'run.json'), 'utf8'));
  const tuned = rows.filter({ hasText: 'Router tuning' });
  assert.ok((await tuned.locator('td').first().innerText()).startsWith(results.tuned.em.toFixed(1)));
  await chart('Shared experts').waitFor();
  await picture('comparison-dark');
  assert.deepEqual(await accessibilityProblems(panel(page)), []);
  await closeEditors(page);
});

step(
  'an analysis runs and its result opens',
  async () => {
    const { page } = session;
    await routerLens(page, 'Analyze…');
    await chooseQuickPick(page, 'Attention gain');
    await chooseQuickPick(page, 'Identify');
    await chooseQuickPick(page, 'swap');
    await chooseQuickPick(page, 'swap_test.json');
    await heading('Attention gain by layer').waitFor({ timeout: 60_000 });
    await chart('Context attention gain (CAG)').waitFor();
    await picture('analysis-dark');
    assert.deepEqual(await accessibilityProblems(panel(page)), []);
    const csv = path.join(session.folder, 'gain.csv');
    await save(chart('Context attention gain (CAG)'), 'Save CSV…', csv);
    assert.ok(existsSync(csv));
    assert.equal(readLines(csv)[0], 'layer,gain,gain low,gain high');
  },
  { timeout: 150_000 },
);

step(
  'the ratios of a run grow while it trains',
  async () => {
    const { page } = session;
    const data = split => path.join(session.folder, `data/swap_${split}.json`);
    const followed = runFolder('20260101T120000Z-identify');
    const args = [
      ...['dist/cli.js', 'identify', path.join(session.folder, 'facts-moe'), '--out', followed],
      // Three updates an epoch: evaluated after sixty, and long before it ends.
      ...['--train', data('train'), '--limit-train', '24', '--epochs', '200', '--lr', '3e-3'],
      ...['--dev', data('dev'), '--limit-dev', '8'],
    ];
    const job = spawn(process.execPath, args, { cwd: root, stdio: 'ignore' });
    try {
      const lines = () => readLines(path.join(followed, 'ratios.jsonl')).map(line => JSON.parse(line));
      await closeEditors(page);
      const runs = treeRows(await sideBarView(page, 'Runs'));
      await runs.and(page.locator('[aria-level="1"]')).filter({ hasText: 'Identify' }).nth(1).waitFor();
      await routerLens(page, 'Show Training');
      const ratios = panel(page).locator('.ratio-history');
      await ratios.getByText('before the first update').waitFor({ timeout: 60_000 });
      await ratios.getByText(/^after \d+ updates$/).waitFor({ timeout: 120_000 });
      assert.equal(job.exitCode, null);
      assert.ok(!existsSync(path.join(followed, 'context-dependence.json')));
      await picture('training-ratios-dark');
      assert.deepEqual(await accessibilityProblems(panel(page)), []);
      job.kill('SIGKILL');
      await once(job, 'exit');
      const [first, ...more] = lines();
      const last = more[more.length - 1];
      await ratios.getByText(`after ${last.step.toLocaleString('en-US')} updates`, { exact: true }).waitFor();
      // Of the first expert that a cross-hair meets: what the file says.
      await ratios.locator('canvas').first().focus();
      await page.keyboard.press('ArrowUp');
      const said = await ratios.locator('[aria-live]').innerText();
      assert.ok(said.startsWith('layer 0 · expert 0 · ratio '), said);
      const numbers = said.match(/ratio ([\d.]+)\s%\s→\s([\d.]+)\s%/);
      // Percent with one digit behind the point, from ten on with none.
      for (const [i, { ratio }] of [first, last].entries()) {
        const value = 100 * ratio[0][0];
        assert.ok(
          Math.abs(numbers[i + 1] - value) <= (value < 9.95 ? 0.05 : 0.5) + 1e-9,
          `${said}: ${value}`,
        );
      }
      await ratios.getByRole('slider').focus();
      await page.keyboard.press('Home');
      await ratios.getByText('before the first update').waitFor();
    } finally {
      job.kill('SIGKILL');
    }
  },
  { timeout: 240_000 },
);

staysOnThisMachine();
