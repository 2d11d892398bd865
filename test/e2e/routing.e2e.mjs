/** @file The Routing panel on a prompt of the demo: quantities, groups, experts, heads, ablation, the way to the editor and back. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import {
  chooseInPanel,
  chooseRouters,
  panel,
  panelShows,
  pointAtToken,
  promptTokens,
  routerLens,
  tracePrompt,
} from '../../scripts/lib/router-lens-window.mjs';
import { runNode } from '../../scripts/lib/run.mjs';
import {
  chooseQuickPick,
  clickWord,
  closeEditors,
  openFile,
  reloadWindow,
  wordIsOutlined,
} from '../../scripts/lib/workbench-window.mjs';
import { useWorkbench } from './session.mjs';
import { traceOnCommandLine } from './traced-facts.mjs';

const { session, step, picture, staysOnThisMachine } = useWorkbench({
  settings: { 'routerLens.generatedTokens': 4 },
});

const layers = [0, 1, 2, 3, 4, 5];
const inDemo = file => path.join(session.folder, file);
const run = () => inDemo('.router-lens/runs/20260101T120000Z-identify');
/** Routing by the command line: `traced.base(position, layer)`, `traced.tuned(…)`, context-faithful experts. */
let traced;

/** The words of each chip for screen readers; they end with its value. */
const chipLabels = () =>
  panel(session.page)
    .locator('.tokens [data-token]')
    .evaluateAll(chips => chips.map(chip => chip.getAttribute('aria-label')));

/** Position of a word of the context; the model may say it again behind the prompt. */
async function inContext(word) {
  const position = (await promptTokens(session.page)).indexOf(word);
  assert.ok(position > 0, `${word} is a token`);
  return position;
}

const lastNumber = label => Number(/([−+\d.]+)\D*$/.exec(label)[1].replace('−', '-'));
const mean = values => values.reduce((sum, value) => sum + value, 0) / values.length;
const text = selector => panel(session.page).locator(selector).first().innerText();

step(
  'a run of the command line serves the panel',
  async () => {
    const data = split => inDemo(`data/swap_${split}.json`);
    await runNode(
      [
        ...['dist/cli.js', 'identify', inDemo('facts-moe'), '--out', run(), '--lr', '3e-3'],
        ...['--train', data('train'), '--limit-train', '64', '--max-steps', '8'],
      ],
      { capture: true },
    );
    const { page } = session;
    await openFile(page, 'birthplace.txt');
    await tracePrompt(page);
    const prompt = inDemo('prompts/birthplace.txt');
    const { ce } = JSON.parse(readFileSync(path.join(run(), 'context-dependence.json'), 'utf8'));
    traced = {
      base: await traceOnCommandLine({ model: inDemo('facts-moe'), prompt }),
      tuned: await traceOnCommandLine({ model: inDemo('facts-moe'), prompt, run: run() }),
      ce,
    };
  },
  { timeout: 300_000 },
);

step('each of the six quantities colours the prompt, with its unit', async () => {
  const { page } = session;
  const position = await inContext(' Nerminster');
  const routed = (side, layer) => traced[side](position, layer);
  /** Of the tuned top-k weights of the token, the share that goes to some of its experts. */
  const share = (layer, isCounted) => {
    const sum = all => all.reduce((total, { weight }) => total + weight, 0);
    const all = routed('tuned', layer);
    return sum(all.filter(({ expert }) => isCounted(expert))) / sum(all);
  };
  const shares = layers.map(layer => share(layer, expert => traced.ce[layer].includes(expert)));
  const changes = layers.map(layer => {
    const before = routed('base', layer).map(({ expert }) => expert);
    return share(layer, expert => !before.includes(expert));
  });
  const expected = {
    'top-1 expert': { value: routed('tuned', 5)[0].expert, unit: 'index of the top-1 expert' },
    'context-faithful share': { value: 100 * mean(shares), unit: 'of routing weight to ★' },
    'attention received': { unit: 'of attention from the last prompt token' },
    'attention gain': { unit: 'attention gain, tuned − base' },
    'router entropy': { unit: 'router entropy (1: even over 16 experts)' },
    'routing change': {
      value: 100 * mean(changes),
      unit: 'of routing weight to experts that base did not choose',
    },
  };
  for (const [quantity, { value, unit }] of Object.entries(expected)) {
    await chooseInPanel(page, 'Colour by', quantity);
    await panel(page).locator('.prompt .legend', { hasText: unit }).waitFor();
    const shown = lastNumber((await chipLabels())[position]);
    if (value === undefined) assert.ok(Number.isFinite(shown), quantity);
    // Shares have at least whole percents.
    else assert.ok(Math.abs(shown - value) <= 0.5001, `${quantity}: ${shown} shown, ${value} computed`);
    await picture(`routing-${quantity.replaceAll(' ', '-')}`);
  }
  await chooseInPanel(page, 'Colour by', 'context-faithful share');
});

step('tokens in words, sentences, paragraphs: the values are their means', async () => {
  const { page } = session;
  await chooseRouters(page, 'Tuned');
  const alone = (await chipLabels()).map(lastNumber);
  const texts = await promptTokens(page);
  for (const grouping of ['words', 'sentences', 'paragraphs']) {
    await chooseInPanel(page, 'Group', grouping);
    await panel(page).locator('.layer-map .note', { hasText: grouping }).waitFor();
    const chips = panel(page).locator('.tokens [data-token]');
    const starts = await chips.evaluateAll(all => all.map(chip => Number(chip.dataset.token)));
    const labels = await chipLabels();
    // Words of the demo's tokenizer are whole.
    assert.ok(grouping === 'words' || starts.length < alone.length, grouping);
    starts.forEach((from, i) => {
      const to = starts[i + 1] ?? alone.length;
      assert.ok(Math.abs(lastNumber(labels[i]) - mean(alone.slice(from, to))) <= 1.0001, labels[i]);
    });
    await picture(`routing-${grouping}`);
  }
  await chooseInPanel(page, 'Group', 'sentences');
  const chip = panel(page).locator('.tokens [data-token]', { hasText: 'Nerminster' }).first();
  await chip.hover();
  await panel(page)
    .getByRole('heading', { name: /^Tokens \d+–\d+$/ })
    .waitFor();
  assert.match(await text('.card .name'), /born in Nerminster\./);
  await chooseInPanel(page, 'Group', 'tokens');
  assert.deepEqual(await promptTokens(page), texts);
});

step('an expert marks the tokens that went to it; examples of a dataset lead to their samples', async () => {
  const { page } = session;
  const document = panel(page);
  const position = await inContext(' Nerminster');
  await pointAtToken(page, position);
  const [{ expert }] = traced.tuned(position, 5);
  await document.locator('.card tr').last().locator(`[data-expert="${expert}"]`).click();
  await document.getByRole('heading', { name: `Expert ${expert} of layer 5` }).waitFor();
  const marked = await document
    .locator('.tokens .routed')
    .evaluateAll(chips => chips.map(chip => Number(chip.dataset.token)));
  const prompt = (await promptTokens(page)).length - (await document.locator('.token.generated').count());
  const sent = Array.from({ length: prompt }, (_, i) => i).filter(i =>
    traced.tuned(i, 5).some(choice => choice.expert === expert),
  );
  assert.deepEqual(
    marked.filter(token => token < prompt),
    sent,
  );
  await document.getByRole('button', { name: 'Top examples in a dataset' }).click();
  await chooseQuickPick(page, 'swap (train, dev, test)');
  await document.locator('.examples li').first().waitFor({ timeout: 60_000 });
  const weights = (
    await document.locator('.examples ol').first().locator('.example small:first-child').allInnerTexts()
  ).map(Number);
  assert.deepEqual(
    weights,
    weights.toSorted((a, b) => b - a),
  );
  await picture('routing-expert');
});

step('attention of a token head by head, and the prompt coloured by one head', async () => {
  const { page } = session;
  const document = panel(page);
  const position = await inContext(' Nerminster');
  await pointAtToken(page, position);
  await document.getByRole('button', { name: 'Attention by head' }).click();
  const grid = document.locator('.head-grid');
  await grid.waitFor({ timeout: 60_000 });
  await grid.press('ArrowDown');
  await grid.press('Enter');
  await document.locator('.prompt .legend', { hasText: `token ${position} · layer 1, head 0` }).waitFor();
  // Nothing behind the token that attends gets attention; its own and those before get all of it.
  const values = (await chipLabels()).map(lastNumber);
  assert.ok(values.slice(position + 1).every(value => value === 0));
  const total = values.reduce((sum, value) => sum + value, 0);
  assert.ok(Math.abs(total - 100) < 3, `${total} % of attention`);
  await picture('routing-heads');
  // The first pixels of a strip are the first token, which the card then shows.
  await grid.hover({ position: { x: 42, y: 30 } });
  await document.getByRole('heading', { name: 'Token 0', exact: true }).waitFor();
  await document.getByRole('button', { name: 'Back to the quantity' }).click();
  await document.locator('.prompt .legend', { hasText: 'of routing weight to ★' }).waitFor();
});

step('ablation: answers with experts masked, and with another context, side by side', async () => {
  const { page } = session;
  const document = panel(page);
  const context = document.locator('.ablation textarea');
  const before = await context.inputValue();
  assert.match(before, /^Kira Ulridge trained as a baker\..*Xenia Kelton\.$/);
  await context.fill(before.replaceAll('Nerminster', 'Falstad'));
  await document.locator('.ablation').getByRole('button', { name: 'Run' }).click();
  await document.locator('.outcome tbody tr').first().waitFor({ timeout: 60_000 });
  const rows = await document
    .locator('.outcome tbody tr')
    .evaluateAll(all => all.map(row => [...row.children].map(cell => cell.textContent)));
  assert.deepEqual(
    rows.map(([name]) => name),
    ['none', '★ context-faithful', 'original top-k', 'random, as many'],
  );
  for (const cells of rows) {
    assert.equal(cells.length, 5);
    for (const cell of cells.slice(1)) assert.match(cell, /\d+(\.\d+)?\u00a0%$/);
  }
  // The reference is what the model says with all experts, and that is what the bars are of.
  const [, reference] = /probability of “(.*)”/.exec(await text('.ablation .note'));
  assert.ok(rows[0][2].startsWith(`“${reference}”`), rows[0][2]);
  await document.locator('.outcome').scrollIntoViewIfNeeded();
  await picture('routing-ablation');
});

step('pins and hovers are the same in panel and editor', async () => {
  const { page } = session;
  const document = panel(page);
  const position = await inContext(' Nerminster');
  const chip = document.locator(`.tokens [data-token="${position}"]`);
  await chip.click();
  await document.getByText('pinned · Esc frees').waitFor();
  await wordIsOutlined(page, 'Nerminster');
  await clickWord(page, 'Falstad');
  const other = await inContext(' Falstad');
  await document.locator(`.tokens .pinned[data-token="${other}"]`).waitFor();
  await document.getByRole('heading', { name: `Token ${other}`, exact: true }).waitFor();
  await wordIsOutlined(page, 'Falstad');
  // Keys move the pin; Esc frees it.
  await document.locator(`.tokens [data-token="${other}"]`).press('ArrowLeft');
  await document.locator(`.tokens .pinned[data-token="${other - 1}"]`).waitFor();
  await document.locator(`.tokens [data-token="${other - 1}"]`).press('Home');
  await document.locator('.tokens .pinned[data-token="0"]').waitFor();
  await document.locator('.tokens [data-token="0"]').press('Escape');
  await document.getByText('click pins').waitFor();
});

step('a panel that is opened again, or after a reload, shows what it showed', async () => {
  const { page } = session;
  await chooseInPanel(page, 'Colour by', 'router entropy');
  await chooseInPanel(page, 'Group', 'words');
  await panel(page).locator('.prompt .legend', { hasText: 'router entropy' }).waitFor();
  await panel(page).locator('.tokens [data-token="3"]').click();
  await panel(page).getByText('pinned · Esc frees').waitFor();
  const isAsBefore = async () => {
    await panelShows(page, '.tokens [data-token="0"]');
    await panel(page).locator('.prompt .legend', { hasText: 'router entropy' }).waitFor();
    await panel(page).locator('.tokens .pinned[data-token="3"]').waitFor();
    await panel(page).locator('.layer-map .note', { hasText: 'words' }).waitFor();
    await panel(page).locator('.outcome tbody tr').first().waitFor();
  };
  await closeEditors(page);
  await routerLens(page, 'Show Routing Panel');
  await isAsBefore();
  await reloadWindow(page);
  await isAsBefore();
});

step('Compare Base and Tuned shows the difference', async () => {
  const { page } = session;
  await openFile(page, 'profession.txt');
  await routerLens(page, 'Compare Base and Tuned');
  await panelShows(page, '[data-token="0"]');
  await panel(page).locator('.segments input[value="difference"]:checked').waitFor({ state: 'attached' });
});

staysOnThisMachine();
