/**
 * @file `npm run screenshots`: makes the pictures of the documentation, media/screenshots, in a real workbench on a
 * copy of the demo. It runs the demo's whole job first; `--run FOLDER` shows a finished run of the demo instead.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { ensureInstalled } from './lib/ensure-installed.mjs';
import { makeFixtureWorkspace } from './lib/fixture-workspace.mjs';
import { root, vsixPath } from './lib/paths.mjs';
import {
  expertsView,
  layerRow,
  panelShows,
  pointAtToken,
  promptTokens,
  routerLens,
  tracePrompt,
} from './lib/router-lens-window.mjs';
import { fail, runNode } from './lib/run.mjs';
import { startServer } from './lib/workbench.mjs';
import {
  hoverWord,
  launchBrowser,
  openFile,
  openWorkbench,
  runCommand,
  switchTheme,
  toggleRow,
} from './lib/workbench-window.mjs';

const target = path.join(root, 'media/screenshots');

/** A finished run in the workspace: a new one, or a copy of `run` that belongs to the workspace's checkpoint. */
async function addRun(folder, run) {
  const model = path.join(folder, 'facts-moe');
  const out = path.join(folder, '.router-lens/runs/20260101T120000Z-identify');
  if (run === undefined) {
    const data = split => path.join(folder, `data/swap_${split}.json`);
    await runNode([
      ...['dist/cli.js', 'identify', model, '--lr', '3e-3', '--out', out],
      ...['--train', data('train'), '--limit-train', '800'],
      ...['--dev', data('dev'), '--test', data('test'), '--limit-test', '400'],
    ]);
    return;
  }
  cpSync(run, out, { recursive: true });
  const file = path.join(out, 'run.json');
  const record = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...record, model: { ...record.model, path: model } }));
}

async function take(page) {
  const picture = (name, options) => page.screenshot({ path: path.join(target, `${name}.png`), ...options });

  const experts = await expertsView(page);
  await toggleRow(layerRow(experts, 5));
  await page.mouse.move(900, 400);
  await picture('experts-dark', { clip: { x: 0, y: 35, width: 348, height: 620 } });

  await openFile(page, 'birthplace.txt');
  await runCommand(page, 'View: Toggle Primary Side Bar Visibility');
  await tracePrompt(page);
  await hoverWord(page, 'Osminster', 'context-faithful');
  const hover = await page.locator('.monaco-hover:visible').first().boundingBox();
  await picture('hover-dark', {
    clip: { x: hover.x - 130, y: 35, width: hover.width + 160, height: hover.y + hover.height },
  });
  await page.mouse.move(10, 500);

  const tokens = await promptTokens(page);
  await pointAtToken(page, tokens.lastIndexOf(' Os'));
  await picture('routing-dark');
  await switchTheme(page, 'light');
  await pointAtToken(page, tokens.lastIndexOf(' Os'));
  await picture('routing-light');

  await routerLens(page, 'Open Report');
  await panelShows(page, 'h1');
  await picture('report-light');
}

async function main() {
  const { values } = parseArgs({ options: { run: { type: 'string' } } });
  await ensureInstalled();
  await runNode(['scripts/package-vsix.mjs']);
  mkdirSync(target, { recursive: true });
  const workspace = makeFixtureWorkspace();
  let server;
  let browser;
  try {
    await addRun(workspace.folder, values.run);
    server = await startServer({ vsix: vsixPath() });
    browser = await launchBrowser();
    const window = { deviceScaleFactor: 1.5 };
    const { page } = await openWorkbench(browser, server, { folder: workspace.folder }, window);
    await take(page);
  } finally {
    await browser?.close();
    await server?.stop();
    workspace.remove();
  }
}

main().catch(fail);
