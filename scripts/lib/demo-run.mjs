/** @file The demo's whole job on the command line, with the settings of demo/.vscode/settings.json. */
import path from 'node:path';

import { runNode } from './run.mjs';

/**
 * Finds the context-faithful experts of the demo model. Needs a built `dist/cli.js`.
 * @param {string} workspace folder of the demo or of a copy of it
 * @param {string} run name of the run folder
 */
export async function runDemo(workspace, run) {
  const data = split => path.join(workspace, `data/swap_${split}.json`);
  await runNode([
    ...['dist/cli.js', 'identify', path.join(workspace, 'facts-moe')],
    ...['--train', data('train'), '--limit-train', '800'],
    ...['--dev', data('dev'), '--limit-dev', '100'],
    ...['--test', data('test'), '--limit-test', '400'],
    ...['--lr', '3e-3'], // the default, the paper's 5e-4, is small for so small a model
    ...['--out', path.join(workspace, '.router-lens/runs', run)],
  ]);
}
