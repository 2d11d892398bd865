/**
 * @file `npm run screenshots`: makes the pictures of the documentation, media/screenshots, in a real workbench on a
 * copy of the demo. It runs the demo's whole job first; `--run FOLDER` shows a finished run of the demo instead.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { runDemo } from './lib/demo-run.mjs';
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
  closeEditors,
  hoverWord,
  launchBrowser,
  openFile,
  openWorkbench,
  runCommand,
  switchTheme,
  toggleRow,
  treeRows,
} from './lib/workbench-window.mjs';

const target = path.join(root, 'media/screenshots');

const runName = '20260101T120000Z-identify';

/** Copies a finished run of the demo into the workspace, as one of the workspace's checkpoint. */
async function copyRun(folder, run) {
  const out = path.join(folder, '.router-lens/runs', runName);
  cpSync(run, out, { recursive: true });
  const file = path.join(out, 'run.json');
  const record = JSON.parse(readFileSync(file, 'utf8'));
  record.model.path = path.join(folder, 'facts-moe');
  writeFileSync(file, JSON.stringify(record));
  await runNode(['dist/cli.js', 'report', out], { capture: true });
}

/** Nothing is pointed at: no tooltip is in the way. */
async function restPointer(page) {
  await page.mouse.move(700, 890);
  await page.locator('.workbench-hover-container:visible').waitFor({ state: 'detached' });
}

async function take(page) {
  const picture = (name, options) => page.screenshot({ path: path.join(target, `${name}.png`), ...options });

  const experts = await expertsView(page);
  await toggleRow(layerRow(experts, 5));
  await treeRows(experts).filter({ hasText: '★' }).last().waitFor();
  await restPointer(page);
  await picture('experts-dark', { clip: { x: 0, y: 35, width: 348, height: 620 } });

  await openFile(page, 'birthplace.txt');
  await runCommand(page, 'View: Toggle Primary Side Bar Visibility');
  await tracePrompt(page);
  const tokens = await promptTokens(page);
  const answer = tokens.lastIndexOf(' Nerminster');
  for (const theme of ['dark', 'light']) {
    await switchTheme(page, theme);
    await restPointer(page);
    await pointAtToken(page, answer);
    await picture(`routing-${theme}`);
  }

  await closeEditors(page);
  await routerLens(page, 'Open Report');
  await panelShows(page, 'h1');
  await restPointer(page);
  await picture('report-light');

  await closeEditors(page);
  await switchTheme(page, 'dark');
  await openFile(page, 'birthplace.txt');
  await page.setViewportSize({ width: 860, height: 600 }); // the word is far enough to the left
  await hoverWord(page, 'Nerminster', 'context-faithful');
  await picture('hover-dark', { clip: { x: 50, y: 35, width: 800, height: 400 } });
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
    if (values.run === undefined) await runDemo(workspace.folder, runName);
    else await copyRun(workspace.folder, values.run);
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
