/** @file The runs that the pictures of the documentation show: the paper's argument on the demo, by the command line. */
import path from 'node:path';

import { runDemo } from './demo-run.mjs';
import { runNode } from './run.mjs';

const day = '20260101T';
export const runNames = {
  identify: `${day}120000Z-identify`,
  ceft: `${day}121000Z-finetune`,
  fft: `${day}122000Z-finetune`,
  attention: `${day}123000Z-analyze-attention`,
  'logit-lens': `${day}124000Z-analyze-logit-lens`,
  masking: `${day}125000Z-analyze-masking`,
  transfer: `${day}130000Z-analyze-transfer`,
  patterns: `${day}131000Z-analyze-patterns`,
};

/**
 * Makes all of {@link runNames} in a copy of the demo. Needs a built `dist/cli.js`.
 * @param {string} workspace folder of the copy
 */
export async function makePictureRuns(workspace) {
  const model = path.join(workspace, 'facts-moe');
  const data = name => path.join(workspace, `data/${name}.json`);
  const run = name => path.join(workspace, '.router-lens/runs', runNames[name]);
  const cli = (name, ...args) => runNode(['dist/cli.js', ...args, '--out', run(name)]);
  await runDemo(workspace, runNames.identify);
  const training = [
    ...['--train', data('swap_train'), '--limit-train', '400'],
    ...['--dev', data('swap_dev'), '--limit-dev', '50', '--dev-answers'],
    ...['--test', data('swap_test'), '--limit-test', '200'],
  ];
  const experts = ['--experts', path.join(run('identify'), 'context-dependence.json')];
  await cli('ceft', 'finetune', model, '--method', 'ceft', ...experts, ...training, '--lr', '1e-3');
  await cli('fft', 'finetune', model, '--method', 'fft', ...training, '--lr', '3e-4');
  const swap = ['--data', data('swap_test'), '--limit', '100'];
  for (const kind of ['attention', 'logit-lens', 'masking'])
    await cli(kind, 'analyze', kind, model, ...swap, '--run', run('identify'));
  const tasks = ['swap_test', 'multihop_test', 'reading_test'].flatMap(name => ['--data', data(name)]);
  const runs = ['identify', 'ceft'].flatMap(name => ['--run', run(name)]);
  await cli('transfer', 'analyze', 'transfer', model, ...tasks, '--limit', '50', ...runs);
  await cli('patterns', 'analyze', 'patterns', model, ...tasks, '--limit', '100', '--run', run('identify'));
}
