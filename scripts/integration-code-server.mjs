/**
 * @file Runs the integration suite in the extension host of code-server. The verdict comes twice and both must agree:
 * the workbench calls `codeAutomationExit(code)`, and the suite writes its result file. The code alone is not enough,
 * because the workbench reports 0 when the extension host was killed.
 */
import path from 'node:path';
import { format } from 'node:util';

import { makeFixtureWorkspace } from './lib/fixture-workspace.mjs';
import {
  clearIntegrationResult,
  integrationResultFile,
  reportIntegrationResult,
} from './lib/integration-result.mjs';
import { root, testResults } from './lib/paths.mjs';
import { fail } from './lib/run.mjs';
import { startServer, workbenchUrl } from './lib/workbench.mjs';
import { launchBrowser } from './lib/workbench-window.mjs';

const timeLimit = 600_000;

/** Opens the window that runs the suite; resolves with the exit code that the workbench reports. */
async function runSuite(page, address) {
  let timer;
  const ended = new Promise((resolve, reject) => {
    page.exposeFunction('codeAutomationExit', resolve).catch(reject);
    page.on('crash', () => reject(new Error('The page crashed')));
    const stop = () => reject(new Error(`The integration suite did not end within ${timeLimit / 1000} s`));
    timer = setTimeout(stop, timeLimit);
  });
  // Console of the extension host; what comes before the suite is the workbench talking to itself.
  let started = false;
  await page.exposeFunction('codeAutomationLog', (type, values) => {
    const line = format(...values);
    if (line === 'Integration suite') started = true;
    else if (started) console.log(line);
  });
  try {
    const [code] = await Promise.all([
      ended,
      // Slow machines take their time; the limit of the whole is above.
      page.goto(address, { waitUntil: 'domcontentloaded', timeout: timeLimit }),
    ]);
    return code;
  } finally {
    clearTimeout(timer);
    await page.screenshot({ path: path.join(testResults, 'integration-last.png') });
  }
}

async function main() {
  clearIntegrationResult();
  const workspace = makeFixtureWorkspace();
  let server;
  let browser;
  try {
    server = await startServer({
      development: true,
      env: { INTEGRATION_RESULT_FILE: integrationResultFile },
    });
    browser = await launchBrowser();
    const address = workbenchUrl(server, {
      folder: workspace.folder,
      development: root,
      tests: path.join(root, 'dist-test/index.js'), // must lie below the development extension
    });
    const code = await runSuite(await browser.newPage(), address);
    const { failures } = reportIntegrationResult();
    if (code !== 0 || failures > 0)
      throw new Error(`Integration suite: ${failures} failed, exit code ${code}`);
  } catch (error) {
    if (server) console.error(`Errors of the extension host:\n${server.extensionHostErrors()}`);
    throw error;
  } finally {
    await browser?.close();
    await server?.stop();
    workspace.remove();
  }
}

main().catch(fail);
