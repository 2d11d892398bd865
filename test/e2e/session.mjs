/** @file One workbench with the packaged extension on a copy of the demo, for the tests of a file. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { makeFixtureWorkspace } from '../../scripts/lib/fixture-workspace.mjs';
import { testResults, vsixPath } from '../../scripts/lib/paths.mjs';
import { startServer } from '../../scripts/lib/workbench.mjs';
import { launchBrowser, openWorkbench } from '../../scripts/lib/workbench-window.mjs';

/**
 * Starts a workbench before the tests of the file that calls this, and stops it after them.
 * `step` declares a test: the steps of a file share the window and run in order. A failing one leaves a picture
 * `test-results/FAILED-….png` and the extension host's errors.
 * @param {{ settings?: object, prepare?: (folder: string) => void }} [options] `settings`: of the workspace, beside those
 *   of the demo; `prepare`: puts more into it
 */
export function useWorkbench({ settings = {}, prepare } = {}) {
  /** @type {{ page: import('playwright-core').Page, external: string[], server: object, folder: string }} */
  const session = {};
  let browser;
  let workspace;

  const start = async () => {
    mkdirSync(testResults, { recursive: true });
    workspace = makeFixtureWorkspace(settings);
    session.folder = workspace.folder;
    prepare?.(workspace.folder);
    const server = startServer({ vsix: vsixPath(), shared: true }).then(
      started => (session.server = started),
    );
    const launched = launchBrowser().then(started => (browser = started));
    await Promise.all([server, launched]); // each is stopped, also if the other one fails
    Object.assign(session, await openWorkbench(browser, session.server, { folder: workspace.folder }));
  };

  const stop = async () => {
    await browser?.close();
    await session.server?.stop();
    workspace?.remove();
  };

  before(start, { timeout: 180_000 });
  after(stop, { timeout: 30_000 });

  const picture = name => session.page.screenshot({ path: path.join(testResults, `${name}.png`) });

  const step = (name, action, { timeout = 90_000 } = {}) =>
    test(name, { timeout }, async context => {
      try {
        await action();
      } catch (error) {
        await session.page.screenshot({
          path: path.join(testResults, `FAILED-${name.replace(/\W+/g, '-')}.png`),
        });
        context.diagnostic(`Errors of the extension host:\n${session.server.extensionHostErrors()}`);
        throw error;
      }
    });

  /** To be called last: the window asked for nothing outside this machine. */
  const staysOnThisMachine = () =>
    step('nothing tried to leave the machine', () => assert.deepEqual(session.external, []));

  return { session, step, picture, staysOnThisMachine };
}
