/** @file The way of a new user through the demo: find the experts, see them on a prompt, in the panel and in the text. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import {
  chooseRouters,
  expertsView,
  panel,
  panelShows,
  pointAtToken,
  promptTokens,
  readCard,
  readLayer,
  routerLens,
  tracePrompt,
} from '../../scripts/lib/router-lens-window.mjs';
import {
  chooseQuickPick,
  closeEditors,
  hoverWord,
  openFile,
  switchTheme,
  toast,
} from '../../scripts/lib/workbench-window.mjs';
import { enginePids } from './engine-process.mjs';
import { useWorkbench } from './session.mjs';
import { traceOnCommandLine } from './traced-facts.mjs';

const { session, step, picture, staysOnThisMachine } = useWorkbench({
  settings: {
    'routerLens.limitTrain': 64,
    'routerLens.limitDev': 16,
    'routerLens.limitTest': 16,
    'routerLens.epochs': 2,
  },
});

const model = () => path.join(session.folder, 'facts-moe');
const readJson = file => JSON.parse(readFileSync(file, 'utf8'));

/** The only run of the workspace. */
function theRun() {
  const runs = path.join(session.folder, '.router-lens/runs');
  const [name, ...others] = readdirSync(runs);
  assert.deepEqual(others, []);
  const folder = path.join(runs, name);
  return { folder, found: readJson(path.join(folder, 'context-dependence.json')) };
}

async function chooseDemoModelAndData(page) {
  await routerLens(page, 'Identify Context-Faithful Experts');
  await chooseQuickPick(page, 'facts-moe');
  await chooseQuickPick(page, 'swap (train, dev, test)');
  await toast(page, 'Identifying context-faithful experts').waitFor();
}

/** Weights are shown with two decimals. */
function assertShown(shown, computed) {
  assert.deepEqual(
    shown.map(({ expert }) => expert),
    computed.map(({ expert }) => expert),
  );
  shown.forEach(({ weight }, i) => assert.ok(Math.abs(weight - computed[i].weight) < 0.0051));
}

step('the view of experts says how to begin', async () => {
  const { page } = session;
  const view = await expertsView(page);
  await view.getByRole('button', { name: 'Open the Demo' }).waitFor();
  await picture('welcome-dark');
  await switchTheme(page, 'light');
  await picture('welcome-light');
  await switchTheme(page, 'dark');
});

step(
  'identify asks for checkpoint and dataset, shows its progress, offers the report',
  async () => {
    const { page } = session;
    await chooseDemoModelAndData(page);
    await toast(page, /router tuning: step/i).waitFor({ timeout: 60_000 });
    await picture('identify-progress-dark');
    const done = toast(page, 'Context-faithful experts found in 6 layers of facts-moe');
    await done.waitFor({ timeout: 120_000 });
    await picture('identify-done-dark');
    await done.getByRole('button', { name: 'Open Report' }).click();
    await panel(page).getByRole('heading', { name: 'Context-faithful experts of facts-moe' }).waitFor();
    await picture('report-dark');
    await closeEditors(page);
  },
  { timeout: 240_000 },
);

step('the Experts view shows what the run found', async () => {
  const view = await expertsView(session.page);
  const { ce, ratio } = theRun().found;
  assert.deepEqual(Object.keys(ce), ['0', '1', '2', '3', '4', '5']);
  for (const [layer, faithful] of Object.entries(ce)) {
    const experts = await readLayer(view, layer);
    assert.equal(experts.length, 16);
    const starred = experts.filter(([name]) => name.startsWith('★'));
    assert.deepEqual(
      starred.map(([name]) => name),
      faithful.map(expert => `★ ${expert}`),
    );
    starred.forEach(([, description], i) => {
      const share = (100 * ratio.tuned[layer][faithful[i]]).toFixed(1);
      assert.ok(description.startsWith(`${share} %`), `${description} begins with ${share} %`);
    });
  }
  await picture('experts-dark');
});

let traced;
step('a prompt of the demo is traced; the card shows the experts of the token pointed at', async () => {
  const { page } = session;
  const prompt = path.join(session.folder, 'prompts/birthplace.txt');
  await openFile(page, 'birthplace.txt');
  await tracePrompt(page);
  const { folder, found } = theRun();
  traced = {
    base: await traceOnCommandLine({ model: model(), prompt }),
    tuned: await traceOnCommandLine({ model: model(), prompt, run: folder }),
    ce: found.ce,
  };
  const tokens = await promptTokens(page);
  const position = tokens.lastIndexOf(' Nerminster');
  await pointAtToken(page, position);
  for (const side of ['base', 'tuned']) {
    await chooseRouters(page, side === 'base' ? 'Base' : 'Tuned');
    await pointAtToken(page, position);
    const card = await readCard(page);
    assert.deepEqual(
      card.map(({ layer }) => layer),
      [0, 1, 2, 3, 4, 5],
    );
    for (const { layer, experts } of card) {
      assertShown(experts, traced[side](position, layer));
      for (const { expert, faithful } of experts) assert.equal(faithful, traced.ce[layer].includes(expert));
    }
    await picture(`routing-${side}-dark`);
  }
  await chooseRouters(page, 'Difference');
  await pointAtToken(page, position);
  for (const { layer, experts } of await readCard(page)) {
    const without = change =>
      experts
        .filter(e => e.change !== change)
        .map(({ expert }) => expert)
        .sort();
    const of = side =>
      traced[side](position, layer)
        .map(({ expert }) => expert)
        .sort();
    assert.deepEqual([without('+'), without('−')], [of('base'), of('tuned')]);
  }
  await picture('routing-difference-dark');
});

step('a hover over the text names the same experts', async () => {
  const hover = await hoverWord(session.page, 'Nerminster', 'context-faithful expert');
  const lines = hover.replaceAll('\u00a0', ' ').split('\n');
  const [, position] = / position (\d+) /.exec(lines[0]) ?? assert.fail(lines[0]);
  const words = (side, layer) =>
    traced[side](Number(position), layer).map(({ expert, weight }) => {
      const star = traced.ce[layer].includes(expert) ? '★ ' : '';
      return `${star}${expert} (${weight.toFixed(2)})`;
    });
  for (const layer of Object.keys(traced.ce)) {
    const row = lines.find(line => line.startsWith(`${layer}\t`));
    const [, base, tuned] = (row ?? assert.fail(hover)).split('\t');
    assert.equal(base.trim(), words('base', layer).join(', '));
    assert.equal(tuned.trim(), words('tuned', layer).join(', '));
  }
  await picture('hover-dark');
});

step('panel and text follow the theme', async () => {
  const { page } = session;
  for (const theme of ['light', 'high contrast']) {
    await switchTheme(page, theme);
    for (const routers of ['Base', 'Tuned', 'Difference']) {
      await chooseRouters(page, routers);
      await pointAtToken(page, 10);
      await picture(`routing-${routers.toLowerCase()}-${theme.replace(' ', '-')}`);
    }
    await hoverWord(page, 'Nerminster', 'context-faithful expert');
    await picture(`hover-${theme.replace(' ', '-')}`);
  }
  await switchTheme(page, 'dark');
});

step('a sample of the dataset is traced with its answer marked', async () => {
  const { page } = session;
  await closeEditors(page);
  await routerLens(page, 'Trace Routing of a Dataset Sample…');
  await chooseQuickPick(page, 'swap (train, dev, test)');
  await chooseQuickPick(page, 'swap_test.json');
  await chooseQuickPick(page, '0: ');
  await panelShows(page, '.tokens .answer');
  const [sample] = readJson(path.join(session.folder, 'data/swap_test.json'));
  assert.equal((await panel(page).locator('.tokens .answer').innerText()).trim(), sample.answer);
  await picture('sample-dark');
});

step('an engine that is killed is told at once, and the next job starts another', async () => {
  const { page, server } = session;
  await closeEditors(page);
  await chooseDemoModelAndData(page);
  const [engine, ...others] = enginePids(server);
  assert.deepEqual(others, []);
  process.kill(engine, 'SIGKILL');
  await toast(page, 'killed (SIGKILL)').waitFor({ timeout: 5000 });
  await toast(page, 'Identifying context-faithful experts').waitFor({ state: 'detached' });
  await picture('engine-killed-dark');
  await openFile(page, 'profession.txt');
  await tracePrompt(page);
  assert.notDeepEqual(enginePids(server), [engine]);
});

staysOnThisMachine();
