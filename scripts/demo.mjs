/** @file `npm run demo`: finds the context-faithful experts of the demo model on the command line. */
import { ensureInstalled } from './lib/ensure-installed.mjs';
import { fail, runNode } from './lib/run.mjs';

async function main() {
  await ensureInstalled();
  await runNode(['esbuild.mjs']);
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, ''); // as the extension names runs
  await runNode([
    ...['dist/cli.js', 'identify', 'demo/facts-moe'],
    ...['--train', 'demo/data/swap_train.json', '--limit-train', '800'],
    ...['--dev', 'demo/data/swap_dev.json', '--limit-dev', '100'],
    ...['--test', 'demo/data/swap_test.json', '--limit-test', '400'],
    ...['--lr', '3e-3'], // the default, the paper's 5e-4, is small for so small a model
    ...['--out', `demo/.router-lens/runs/${time}-identify`],
  ]);
}

main().catch(fail);
