/** @file `router-lens finetune MODEL --method M --train F …` */
import { type Command, Option } from 'commander';

import { InputError } from '../../common/errors';
import { finetune } from '../../lens/finetune';
import { resumedRequest } from '../../lens/tuning-record';
import { variantName } from '../../lens/variant';
import { type FinetuneRequest, FinetuneRequestSchema, type FinetuneResult } from '../../protocol/finetune';
import { type FinetuneMethod, finetuneMethods } from '../../protocol/finetune-methods';
import { describeTraining } from '../describe-training';
import { checked, numberOption } from '../options';
import { withProgress } from '../progress-line';
import { addTuningOptions, type TuningOptionValues, tuningRequest } from '../training-options';

interface FinetuneOptions extends TuningOptionValues {
  method?: FinetuneMethod;
  experts?: string;
  k?: number;
  saveDtype?: 'f32' | 'bf16';
}

export function addFinetune(program: Command): void {
  const command = program
    .command('finetune')
    .description('train context-faithful experts (CEFT), or what they are compared with')
    .argument('<model>', 'checkpoint folder');
  addTuningOptions(command, [
    new Option(
      '--method <name>',
      'what trains: context-faithful, original or random experts, routers, or all weights',
    ).choices(finetuneMethods),
    new Option('--experts <file>', "of ceft and esft: a run's context-dependence.json; of ceft also a list"),
    numberOption('--k <n>', "experts of each layer (default: as listed; random: the model's top-k)"),
    new Option('--save-dtype <type>', 'of the saved weights (default: f32)').choices(['f32', 'bf16']),
  ]);
  command.action(async (model: string, { json, ...options }: FinetuneOptions) => {
    const request =
      options.resume === undefined
        ? newRequest(model, options)
        : resumedRequest(FinetuneRequestSchema, 'finetune', options.resume, model);
    const result = await withProgress(hooks => finetune(request, hooks));
    console.log(json ? JSON.stringify(result) : describe(result));
  });
}

function newRequest(
  model: string,
  { method, experts, k, saveDtype, ...options }: FinetuneOptions,
): FinetuneRequest {
  if (method === undefined)
    throw new InputError(`--method: is missing. Choose one of ${finetuneMethods.join(', ')}.`);
  return checked(FinetuneRequestSchema, {
    ...tuningRequest('finetune', model, options),
    ...{ method, experts, k, save_dtype: saveDtype },
  });
}

function describe({ run, run_folder, weights, report }: FinetuneResult): string {
  return [
    ...describeTraining(run, variantName(run), `of ${run.model.parameters.toLocaleString('en')} parameters`),
    `weights        ${weights}`,
    `run            ${run_folder}`,
    `report         ${report}`,
  ].join('\n');
}
