/** @file `router-lens trace MODEL …` */
import { type Command, Option } from 'commander';
import * as v from 'valibot';

import { InputError } from '../../common/errors';
import { type TraceInput, traceToFile } from '../../lens/trace-job';
import { EngineSettingsSchema, TraceRequestSchema } from '../../protocol/jobs';
import { checked, engineOptions, type EngineOptionValues, engineSettings, numberOption } from '../options';
import { withProgress } from '../progress-line';

interface TraceOptions extends EngineOptionValues {
  prompt?: string;
  sample?: string;
  tokenIds?: string;
  run?: string;
  mask?: string;
  with?: string;
  maxNewTokens: number;
  out: string;
  json?: true;
}

export function addTrace(program: Command): void {
  const command = program
    .command('trace')
    .description('write the routing of prompts, and more of what the model computes, to a safetensors file')
    .argument('<model>', 'checkpoint folder')
    .addOption(
      new Option('--prompt <file>', "text file, taken as the user's turn").conflicts(['sample', 'tokenIds']),
    )
    .addOption(
      new Option('--sample <file#index>', 'a sample of a dataset, counted from 0').conflicts(['tokenIds']),
    )
    .option('--token-ids <file>', '{"input_ids": [[…], …]}, rows of any length')
    .option('--run <folder>', 'use the tuned routers of this run')
    .option(
      '--mask <file>',
      'switch experts off: {"experts": {"<layer>": [expert, …]}} or a context-dependence.json',
    )
    .addOption(
      numberOption(
        '--max-new-tokens <n>',
        "continue each prompt greedily by at most this many tokens and trace them, too, instead of a sample's answer",
      ).default(0),
    )
    .option('--with <list>', 'further tensors, separated by commas: attn, hidden, logits')
    .requiredOption('--out <file>', 'file to write')
    .option('--json', 'print one machine-readable result')
    .action(async (model: string, options: TraceOptions) => {
      const further = furtherTensors(options.with);
      const { max_new_tokens } = checked(v.pick(TraceRequestSchema, ['max_new_tokens']), {
        max_new_tokens: options.maxNewTokens,
      });
      const summary = await withProgress(hooks =>
        traceToFile(
          {
            model,
            input: traceInput(options),
            ...(options.run === undefined ? {} : { run: options.run }),
            ...(options.mask === undefined ? {} : { mask: options.mask }),
            maxNewTokens: max_new_tokens,
            attention: further.has('attn'),
            hidden: further.has('hidden'),
            logits: further.has('logits'),
            engine: checked(EngineSettingsSchema, engineSettings(options)),
            out: options.out,
          },
          hooks,
        ),
      );
      console.log(
        options.json
          ? JSON.stringify(summary)
          : `${summary.tokens} tokens in ${summary.rows} rows traced to ${summary.out}` +
              (max_new_tokens > 0 ? `, ${summary.generated_tokens} of them generated` : ''),
      );
    });
  for (const option of engineOptions()) command.addOption(option);
}

function traceInput({ prompt, sample, tokenIds }: TraceOptions): TraceInput {
  if (prompt !== undefined) return { kind: 'prompt', file: prompt };
  if (tokenIds !== undefined) return { kind: 'token-ids', file: tokenIds };
  if (sample === undefined) throw new InputError('Nothing to trace: give --prompt, --sample or --token-ids.');
  const parts = /^(.+)#(\d+)$/.exec(sample);
  if (!parts) throw new InputError(`--sample: "${sample}" is not FILE#NUMBER.`);
  return { kind: 'sample', file: parts[1], index: Number(parts[2]) };
}

function furtherTensors(list = ''): Set<string> {
  const names = list.split(',').filter(name => name !== '');
  const unknown = names.find(name => !['attn', 'hidden', 'logits'].includes(name));
  if (unknown !== undefined)
    throw new InputError(`--with: "${unknown}" is unknown; choose from attn, hidden, logits.`);
  return new Set(names);
}
