/** @file `npm run bench [-- --case NAME] [--json]`: speed and memory, as medians. */
import { availableParallelism, totalmem } from 'node:os';

import { Command, Option } from 'commander';

import { type BenchCase, type BenchResult } from './bench-case';
import { olmoeTwoLayers } from './cases/olmoe-2-layers';
import { processorName } from './peak-memory';

const cases: readonly BenchCase[] = [olmoeTwoLayers];

async function main(): Promise<void> {
  const options = new Command()
    .addOption(new Option('--case <name>').choices(cases.map(({ name }) => name)))
    .option('--repeats <n>', 'measured runs of each figure', Number, 5)
    .option('--threads <n>', '0: one a core', Number, 0)
    .option('--json', 'the last line is one JSON object')
    .parse()
    .opts<{ case?: string; repeats: number; threads: number; json?: true }>();
  const chosen = cases.filter(({ name }) => options.case === undefined || name === options.case);
  const results: Record<string, BenchResult> = {};
  for (const benchCase of chosen) {
    const result = await benchCase.run({ repeats: options.repeats, threads: options.threads });
    results[benchCase.name] = result;
    console.log(benchCase.name);
    for (const [figure, value] of Object.entries(result)) console.log(`  ${figure.padEnd(20)} ${value}`);
  }
  const machine = {
    processor: processorName(),
    cores: availableParallelism(),
    memory_gb: Math.round(totalmem() / 1e9),
    node: process.version,
  };
  console.log(Object.values(machine).join(' · '));
  if (options.json) {
    // One case: its figures at the top level.
    const figures = chosen.length === 1 ? results[chosen[0].name] : { cases: results };
    console.log(JSON.stringify({ ...figures, machine }));
  }
}

void main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
