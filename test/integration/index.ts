/** @file Entry of the integration suite, loaded by desktop VS Code and by code-server inside their extension hosts. */
import * as fs from 'node:fs';
import * as path from 'node:path';

import Mocha from 'mocha';
import * as vscode from 'vscode';

import type { IntegrationResult } from './result';

/** Runs `suite/*.test.js`. Writes the result to `INTEGRATION_RESULT_FILE`; throws when a test failed or none ran. */
export async function run(): Promise<void> {
  console.log('Integration suite'); // from here on the runner prints the extension host's console
  const mocha = new Mocha({ ui: 'tdd', color: false, timeout: 60_000, grep: process.env.INTEGRATION_GREP });
  const suite = path.join(__dirname, 'suite');
  for (const file of fs.readdirSync(suite).filter(name => name.endsWith('.test.js'))) {
    mocha.addFile(path.join(suite, file));
  }
  const result = await runMocha(mocha);
  const file = process.env.INTEGRATION_RESULT_FILE;
  if (file) writeWhole(file, JSON.stringify(result, null, 2));
  if (result.failures > 0) throw new Error(`${result.failures} tests failed`);
  if (result.tests.length === 0) throw new Error('No tests were run');
}

async function runMocha(mocha: Mocha): Promise<IntegrationResult> {
  const tests: IntegrationResult['tests'] = [];
  const failures = await new Promise<number>(resolve => {
    const runner = mocha.run(resolve);
    runner.on('pass', test =>
      tests.push({ title: test.fullTitle(), state: 'passed', milliseconds: test.duration }),
    );
    runner.on('pending', test => tests.push({ title: test.fullTitle(), state: 'skipped' }));
    runner.on('fail', (test, error: unknown) =>
      tests.push({
        title: test.fullTitle(),
        state: 'failed',
        error: error instanceof Error ? error.stack : String(error),
      }),
    );
  });
  return { failures, vscode: vscode.version, node: process.version, tests };
}

/** Written under another name and renamed: a reader never sees half a file. */
function writeWhole(file: string, text: string): void {
  fs.writeFileSync(`${file}.tmp`, text);
  fs.renameSync(`${file}.tmp`, file);
}
