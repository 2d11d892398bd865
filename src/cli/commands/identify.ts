/** @file `router-lens identify MODEL --train F …` */
import type { Command } from 'commander';

import { identify } from '../../lens/identify';
import { resumedRequest } from '../../lens/tuning-record';
import { type IdentifyRequest, IdentifyRequestSchema, type IdentifyResult } from '../../protocol/jobs';
import { describeTraining } from '../describe-training';
import { checked, numberOption } from '../options';
import { withProgress } from '../progress-line';
import { addTuningOptions, type TuningOptionValues, tuningRequest } from '../training-options';

interface IdentifyOptions extends TuningOptionValues {
  k?: number;
}

export function addIdentify(program: Command): void {
  const command = program
    .command('identify')
    .description('find the context-faithful experts: tune the routers, see which experts they choose')
    .argument('<model>', 'checkpoint folder');
  addTuningOptions(command, [
    numberOption('--k <n>', "experts listed for each layer (default: the model's top-k)"),
  ]);
  command.action(async (model: string, { json, ...options }: IdentifyOptions) => {
    const request =
      options.resume === undefined
        ? newRequest(model, options)
        : resumedRequest(IdentifyRequestSchema, 'identify', options.resume, model);
    const result = await withProgress(hooks => identify(request, hooks));
    console.log(json ? JSON.stringify(result) : describe(result));
  });
}

function newRequest(model: string, { k, ...options }: IdentifyOptions): IdentifyRequest {
  return checked(IdentifyRequestSchema, { ...tuningRequest('identify', model, options), k });
}

function describe({ run, run_folder, context_dependence, report }: IdentifyResult): string {
  const { ratio, ce } = context_dependence;
  const layers = Object.entries(ce).map(([layer, experts]) => {
    const share = experts.map(
      expert => `${expert} (${percent(ratio.base[layer][expert])} → ${percent(ratio.tuned[layer][expert])})`,
    );
    return `  layer ${layer.padStart(2)}  ★ ${share.join('  ')}`;
  });
  return [
    ...describeTraining(run, 'router-tuned', 'router weights'),
    'context-faithful experts by layer (share of routing, base → tuned):',
    ...layers,
    `run            ${run_folder}`,
    `report         ${report}`,
  ].join('\n');
}

function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(1)} %`;
}
