/**
 * @file `npm run screenshots`: makes the pictures of the documentation, media/screenshots, in a real workbench on a
 * copy of the demo: every view and panel in dark, light and high contrast, wide and narrow. The runs that they show are
 * made first; `--workspace FOLDER` keeps them in that folder, or takes those that it has.
 */
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { ensureInstalled } from './lib/ensure-installed.mjs';
import { makeFixtureWorkspace } from './lib/fixture-workspace.mjs';
import { root, testResults, vsixPath } from './lib/paths.mjs';
import { makePictureRuns, runNames } from './lib/picture-runs.mjs';
import { takePanels, takeSideBar } from './lib/pictures.mjs';
import { sideBarView } from './lib/router-lens-window.mjs';
import { fail, runNode } from './lib/run.mjs';
import { startServer } from './lib/workbench.mjs';
import { launchBrowser, openWorkbench, switchTheme } from './lib/workbench-window.mjs';

const target = path.join(root, 'media/screenshots');
const themes = ['dark', 'light', 'high contrast'];

/** The demo with the runs that are shown. They name their model by its path: kept ones stay where they were made. */
async function prepare(kept) {
  const workspace = makeFixtureWorkspace({}, kept && path.resolve(kept));
  const isThere = name => existsSync(path.join(workspace.folder, '.router-lens/runs', name, 'run.json'));
  if (!Object.values(runNames).every(isThere)) await makePictureRuns(workspace.folder);
  return workspace;
}

async function main() {
  const { values } = parseArgs({
    options: { workspace: { type: 'string' }, only: { type: 'string' }, theme: { type: 'string' } },
  });
  await ensureInstalled();
  await runNode(['scripts/package-vsix.mjs']);
  mkdirSync(target, { recursive: true });
  const workspace = await prepare(values.workspace);
  let server;
  let browser;
  let page;
  try {
    server = await startServer({ vsix: vsixPath() });
    browser = await launchBrowser();
    ({ page } = await openWorkbench(browser, server, { folder: workspace.folder }));
    // By then the workbench has found its themes.
    await sideBarView(page, 'Experts');
    for (const theme of values.theme === undefined ? themes : [values.theme]) {
      await switchTheme(page, theme);
      const picture = (name, options) =>
        page.screenshot({ path: path.join(target, `${name}-${theme.replace(' ', '-')}.png`), ...options });
      await takeSideBar(page, picture, values.only);
      await takePanels(page, picture, values.only);
    }
  } catch (error) {
    mkdirSync(testResults, { recursive: true });
    await page?.screenshot({ path: path.join(testResults, 'FAILED-screenshots.png') });
    throw error;
  } finally {
    await browser?.close();
    await server?.stop();
    if (values.workspace === undefined) workspace.remove();
  }
}

main().catch(fail);
