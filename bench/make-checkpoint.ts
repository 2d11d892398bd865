/** @file Writes a random checkpoint: `npm run bench:checkpoint -- --out DIR [--layers 16 --hidden 2048 …]`. */
import { Command } from 'commander';

import { ensureCheckpoint, type Geometry, olmoe1b7b } from './random-checkpoint';

const program = new Command().requiredOption('--out <folder>');
for (const [name, value] of Object.entries(olmoe1b7b)) {
  program.option(`--${name.toLowerCase()} <n>`, `default: ${value}`, Number);
}
const { out, ...chosen } = program.parse().opts<{ out: string } & Record<string, number>>();
const geometry = Object.fromEntries(
  Object.entries(olmoe1b7b).map(([name, value]) => [name, chosen[name.toLowerCase()] ?? value]),
) as unknown as Geometry;
console.log(ensureCheckpoint(out, geometry));
