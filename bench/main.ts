/** @file `npm run bench [-- --case NAME] [--json] [--write-docs]`: speed and memory, as medians. */
import { availableParallelism } from 'node:os';

import { Command, Option } from 'commander';

import { InputError } from '../src/common/errors';
import type { BenchCase, BenchResult, BenchSettings } from './bench-case';
import { decode } from './cases/decode';
import { demo } from './cases/demo';
import { engineStart } from './cases/engine-start';
import { olmoe1b7bMemory, olmoe1b7bParts } from './cases/olmoe-1b-7b';
import { olmoeTwoLayers } from './cases/olmoe-2-layers';
import { peerCase } from './cases/peer';
import { scaling } from './cases/scaling';
import { webgpu } from './cases/webgpu';
import { writeToDocument } from './document';
import { describeMachine, type Machine, machineLine } from './machine';
import { runInOwnProcess } from './own-process';
import { tablesOf, textTable } from './tables';

const cases: readonly BenchCase[] = [
  olmoeTwoLayers,
  decode,
  demo,
  engineStart,
  scaling,
  olmoe1b7bMemory,
  ...olmoe1b7bParts,
  peerCase,
  webgpu,
];

interface Options extends BenchSettings {
  case?: string;
  json?: true;
  writeDocs?: true;
}

async function main(): Promise<void> {
  const options = new Command()
    .addOption(new Option('--case <name>', 'one case, in this process').choices(cases.map(c => c.name)))
    .option('--repeats <n>', 'measured runs of each figure', Number, 5)
    .option('--threads <n>', '0: one a core', Number, 0)
    .option('--json', 'the last line is one JSON object')
    .option('--write-docs', 'puts the tables into docs/performance.md')
    .option('--folder <folder>', 'where olmoe-1b-7b writes its checkpoint, or has it already')
    .option('--python <program>', 'Python with PyTorch, for the case peer')
    .option('--peer-experts <name>', 'experts_implementation of transformers, e.g. eager')
    .parse()
    .opts<Options>();
  const threads = options.threads || availableParallelism();
  const settings = { ...options, threads };

  const machine = describeMachine();
  if (!options.json) console.log(`${machineLine(machine)}\n`);
  const chosen = cases.filter(({ name, onlyByName }) => (options.case ? name === options.case : !onlyByName));
  const results: Record<string, BenchResult> = {};
  for (const benchCase of chosen) {
    const own = options.case === undefined ? runInOwnProcess(benchCase.name, settings) : undefined;
    const result = own?.result ?? (await benchCase.run(settings));
    results[benchCase.name] = result;
    print(benchCase, result);
    if (options.writeDocs) {
      await writeToDocument(benchCase, result, {
        machine: own?.machine ?? machine,
        repeats: settings.repeats,
      });
    }
  }
  if (options.json) printJson(results, machine);
}

function print(benchCase: BenchCase, result: BenchResult): void {
  console.log(`${benchCase.title} (${benchCase.name})`);
  for (const table of tablesOf(benchCase, result)) console.log(`${textTable(table)}\n`);
}

/** One case: its figures at the top level. */
function printJson(results: Record<string, BenchResult>, machine: Machine): void {
  const all = Object.values(results);
  console.log(JSON.stringify({ ...(all.length === 1 ? all[0] : { cases: results }), machine }));
}

void main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof InputError ? error.message : error);
    process.exit(1);
  },
);
