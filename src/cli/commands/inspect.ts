/** @file `router-lens inspect MODEL` */
import type { Command } from 'commander';

import { InputError } from '../../common/errors';
import { inspectCheckpoint } from '../../lens/inspect';
import type { CheckpointSummary } from '../../protocol/jobs';

export function addInspect(program: Command): void {
  program
    .command('inspect')
    .description('say what a checkpoint is, and what of it is unsupported and why')
    .argument('<model>', 'checkpoint folder')
    .option('--json', 'print one machine-readable result')
    .action((folder: string, options: { json?: true }) => {
      const summary = inspectCheckpoint(folder);
      console.log(options.json ? JSON.stringify(summary) : describe(summary));
      if (!summary.supported && !options.json) throw new InputError(summary.problems[0]);
    });
}

function describe(summary: CheckpointSummary): string {
  const lines: [string, string | undefined][] = [
    ['checkpoint', summary.path],
    ['model type', summary.model_type],
    ['family', summary.family],
    [
      'layers',
      summary.num_layers === undefined
        ? undefined
        : `${summary.num_layers} (${summary.moe_layers?.length} with a router)`,
    ],
    [
      'experts',
      summary.num_experts === undefined ? undefined : `${summary.num_experts}, top-${summary.top_k}`,
    ],
    ['hidden size', summary.hidden_size?.toLocaleString('en')],
    ['vocabulary', summary.vocabulary?.toLocaleString('en')],
    ['parameters', summary.parameters?.toLocaleString('en')],
    [
      'weights',
      summary.bytes === undefined ? undefined : `${(summary.bytes / 1e6).toFixed(1)} MB, ${summary.dtype}`,
    ],
    ['supported', summary.supported ? 'yes' : 'no'],
    ...summary.problems.map((problem): [string, string] => ['problem', problem]),
  ];
  return lines
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(12)} ${value}`]))
    .join('\n');
}
