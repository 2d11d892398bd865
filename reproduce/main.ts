/** @file `npm run reproduce [-- --seeds N] [-- --quick]`: the paper's argument on the demo model, written to docs/results.md. */
import path from 'node:path';

import { Command } from 'commander';

import { describeMachine, machineLine } from '../bench/machine';
import { InputError } from '../src/common/errors';
import { writeResults } from './document';
import { Jobs } from './jobs';
import { measure } from './measure';
import { fullSettings, quickSettings } from './settings';
import { contentHash, Steps } from './steps';

/** This program is bundled into `dist/reproduce`. */
const root = path.resolve(__dirname, '../..');

interface Options {
  seeds?: number;
  quick?: true;
  demo: string;
  out?: string;
  docs?: string;
  threads: number;
}

async function main(): Promise<void> {
  const options = new Command()
    .option('--seeds <n>', 'how many: 0, 1, … (default: 3, quick: 2)', wholeNumber(1))
    .option('--quick', 'every step on next to nothing, to try the program')
    .option('--demo <folder>', 'the demo or a copy of it', path.join(root, 'demo'))
    .option('--out <folder>', 'where finished steps are kept (default: .router-lens/reproduce in the demo)')
    .option('--docs <folder>', 'where results.md is written (default: docs; quick: the folder of the steps)')
    .option('--threads <n>', 'threads of the engine; 0: one a core', wholeNumber(0), 0)
    .parse()
    .opts<Options>();
  const { demo, quick = false, threads } = options;
  const out = options.out ?? path.join(demo, '.router-lens/reproduce');
  const docs = options.docs ?? (quick ? out : path.join(root, 'docs'));
  const places = {
    cli: path.join(root, 'dist/cli.js'),
    model: path.join(demo, 'facts-moe'),
    data: path.join(demo, 'data'),
  };
  const machine = machineLine(describeMachine());
  // A new model, new data, or another program: nothing of before counts.
  const identity = contentHash([places.cli, places.model, places.data]);
  const steps = new Steps(out, identity, line => console.error(line));
  const settings = quick ? quickSettings(options.seeds) : fullSettings(options.seeds);
  const measurements = await measure(new Jobs(steps, places, threads), settings);
  const circumstances = { machine, date: new Date(), seconds: steps.seconds, quick };
  console.log(await writeResults(docs, measurements, circumstances));
}

function wholeNumber(least: number): (text: string) => number {
  return text => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least) return value;
    throw new InputError(`"${text}" is not a whole number of at least ${least}. See --help.`);
  };
}

void main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof InputError ? error.message : error);
    process.exit(1);
  },
);
