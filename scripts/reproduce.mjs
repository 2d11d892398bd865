/** @file `npm run reproduce`: the paper's argument on the demo model; writes docs/results.md. */
import { ensureInstalled } from './lib/ensure-installed.mjs';
import { fail, runNode } from './lib/run.mjs';

async function main() {
  await ensureInstalled();
  await runNode(['esbuild.mjs']);
  await runNode(['scripts/run-bundled.mjs', 'reproduce', 'main', ...process.argv.slice(2)]);
}

main().catch(fail);
