/**
 * @file `npm run parity`: compares every family with the golden files and writes the measured errors to
 * `docs/parity.md`. Needs the golden files beside the project.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { root, testResults } from './lib/paths.mjs';
import { runNode } from './lib/run.mjs';

const lines = path.join(testResults, 'parity.jsonl');
const table = path.join(root, 'docs/parity.md');

rmSync(lines, { force: true });
await runNode(['node_modules/vitest/vitest.mjs', 'run', 'test/golden'], { env: { PARITY_FILE: lines } });
if (!existsSync(lines)) throw new Error('Nothing was compared: the golden files are not there.');

/** Worst comparison of each quantity, by family: the one nearest to its limit. */
const worst = new Map();
for (const line of readFileSync(lines, 'utf8').trimEnd().split('\n')) {
  const { family, quantity, error, limit } = JSON.parse(line);
  const byFamily = worst.get(quantity) ?? new Map();
  worst.set(quantity, byFamily);
  const before = byFamily.get(family);
  if (!before || error / limit > before.error / before.limit) byFamily.set(family, { error, limit });
}
const families = [...new Set([...worst.values()].flatMap(byFamily => [...byFamily.keys()]))].sort();

const number = value => value.toExponential(1).replace(/e([+-])0*(\d)/, 'e$1$2');
const share = ({ error, limit }) => `${number(error)} (${((100 * error) / limit).toPrecision(2)} %)`;
const row = cells => `| ${cells.join(' | ')} |`;
const limits = byFamily => {
  const all = [...byFamily.values()].map(({ limit }) => limit);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  return low === high ? number(low) : `${number(low)} … ${number(high)}`;
};
const rows = [...worst].map(([quantity, byFamily]) =>
  row([
    quantity,
    limits(byFamily),
    ...families.map(family => (byFamily.has(family) ? share(byFamily.get(family)) : '–')),
  ]),
);

writeFileSync(
  table,
  `# Parity with the reference implementation

Written by \`npm run parity\`. The largest absolute difference from what Hugging Face transformers computes on the CPU in float32, for each family, over both memory modes where both are compared, and in brackets its share of the tolerance. Chosen experts, counts of activations and generated tokens are compared exactly.

Tolerances of gradients are 1e-4 of the largest entry plus 1e-5. Of trained weights the table shows the 99.9th percentile; the rest is within 1e-2, because Adam divides by the size of gradients that may be almost 0.

${row(['quantity', 'tolerance', ...families])}
${row(['quantity', 'tolerance', ...families].map(() => '---'))}
${rows.join('\n')}
`,
);
process.stdout.write(`${path.relative(root, table)}\n`);
