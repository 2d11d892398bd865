/** @file What `npm run demo` runs, on a copy of the demo. The last line printed is one JSON object. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { runDemo } from '../scripts/lib/demo-run.mjs';
import { makeFixtureWorkspace } from '../scripts/lib/fixture-workspace.mjs';

const { folder, remove } = makeFixtureWorkspace();
try {
  const started = performance.now();
  await runDemo(folder, 'bench');
  const seconds = (performance.now() - started) / 1000;
  const run = JSON.parse(readFileSync(path.join(folder, '.router-lens/runs/bench/run.json'), 'utf8'));
  console.log(JSON.stringify({ seconds, timings: run.timings, memory: run.memory }));
} finally {
  remove();
}
