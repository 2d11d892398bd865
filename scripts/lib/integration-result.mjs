/** @file The result file that the integration suite writes from within the extension host. */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

import { testResults } from './paths.mjs';

export const integrationResultFile = path.join(testResults, 'integration.json');

/** Removes an earlier result, so that it can never be taken for this run's. */
export function clearIntegrationResult() {
  mkdirSync(testResults, { recursive: true });
  rmSync(integrationResultFile, { force: true });
}

/** Reads and prints the result. A missing file is a failure: a killed extension host reports success otherwise. */
export function reportIntegrationResult() {
  if (!existsSync(integrationResultFile))
    throw new Error('The integration suite ended without a result file');
  const result = JSON.parse(readFileSync(integrationResultFile, 'utf8'));
  for (const { title, state, milliseconds, error } of result.tests) {
    console.log(`${state.padEnd(8)}${title}${milliseconds === undefined ? '' : ` (${milliseconds} ms)`}`);
    if (error) console.log(error.replace(/^/gm, '        '));
  }
  console.log(`Extension host: VS Code ${result.vscode}, Node ${result.node}`);
  return result;
}
