/** @file `npm run demo`: finds the context-faithful experts of the demo model on the command line. */
import { runDemo } from './lib/demo-run.mjs';
import { ensureInstalled } from './lib/ensure-installed.mjs';
import { fail, runNode } from './lib/run.mjs';

async function main() {
  await ensureInstalled();
  await runNode(['esbuild.mjs']);
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, ''); // as the extension names runs
  await runDemo('demo', `${time}-identify`);
}

main().catch(fail);
