/** @file `router-lens identify MODEL --train F …` */
import path from 'node:path';

import type { Command, Option } from 'commander';

import { InputError } from '../../common/errors';
import { identify } from '../../lens/identify';
import { resumedRequest } from '../../lens/identify-setup';
import { runsFolder } from '../../protocol/artifacts';
import {
  type IdentifyRequest,
  IdentifyRequestSchema,
  type IdentifyResult,
  runFolderName,
} from '../../protocol/jobs';
import {
  checked,
  engineOptions,
  type EngineOptionValues,
  engineSettings,
  numberOption,
  snakeCased,
} from '../options';
import { withProgress } from '../progress-line';
import { trainingOptions } from '../training-options';

interface IdentifyOptions extends Record<string, unknown>, EngineOptionValues {
  train?: string;
  resume?: string;
  dev?: string;
  test?: string;
  k?: number;
  limitTrain?: number;
  limitDev?: number;
  limitTest?: number;
  out?: string;
  json?: true;
}

export function addIdentify(program: Command): void {
  const command = program
    .command('identify')
    .description('find the context-faithful experts: tune the routers, see which experts they choose')
    .argument('<model>', 'checkpoint folder')
    .option('--train <file>', 'samples to tune on: {context, question, answer}, JSON or JSONL')
    .option('--dev <file>', 'samples that choose the best routers')
    .option('--test <file>', 'samples whose answers are scored before and after')
    .option('--out <folder>', `run folder (default: ${runsFolder}/<UTC time>-identify)`)
    .option(
      '--resume <folder>',
      'go on with an interrupted run, with the settings and data that it began with',
    )
    .option('--json', 'print one machine-readable result');
  for (const option of [...identifyOptions(), ...trainingOptions(), ...engineOptions()])
    command.addOption(option);
  command.action(async (model: string, { json, ...options }: IdentifyOptions) => {
    const request =
      options.resume === undefined ? newRequest(model, options) : resumedRequest(options.resume, model);
    const result = await withProgress(hooks => identify(request, hooks));
    console.log(json ? JSON.stringify(result) : describe(result));
  });
}

function newRequest(model: string, options: IdentifyOptions): IdentifyRequest {
  const { train, dev, test, k, limitTrain, limitDev, limitTest, ...withEngine } = options;
  const { threads, memoryBudget, executionProvider, ...others } = withEngine;
  const { out = path.join(runsFolder, runFolderName('identify', new Date())), ...training } = others;
  if (train === undefined)
    throw new InputError('--train: is missing. Give a file of samples, or --resume a run.');
  return checked(IdentifyRequestSchema, {
    model,
    train,
    dev,
    test,
    k,
    limit_train: limitTrain,
    limit_dev: limitDev,
    limit_test: limitTest,
    training: snakeCased(training),
    engine: engineSettings({ threads, memoryBudget, executionProvider }),
    out,
  });
}

function identifyOptions(): Option[] {
  return [
    numberOption('--k <n>', "experts listed for each layer (default: the model's top-k)"),
    numberOption('--limit-train <n>', 'training samples drawn at most'),
    numberOption('--limit-dev <n>', 'dev samples drawn at most'),
    numberOption('--limit-test <n>', 'test samples drawn at most'),
  ];
}

function describe({ run, run_folder, context_dependence, report }: IdentifyResult): string {
  const { ratio, ce } = context_dependence;
  const { base, tuned, trainable_parameters, steps, best_step, dev_loss } = run.results;
  const scores = (name: string, value: typeof base): string[] =>
    value
      ? [
          `${name.padEnd(14)} EM ${value.em.toFixed(1)}  F1 ${value.f1.toFixed(1)}  (${value.samples} answers)`,
        ]
      : [];
  const layers = Object.entries(ce).map(([layer, experts]) => {
    const share = experts.map(
      expert => `${expert} (${percent(ratio.base[layer][expert])} → ${percent(ratio.tuned[layer][expert])})`,
    );
    return `  layer ${layer.padStart(2)}  ★ ${share.join('  ')}`;
  });
  return [
    ...scores('base', base),
    ...scores('router-tuned', tuned),
    `trained        ${trainable_parameters?.toLocaleString('en')} router weights, ${steps} steps` +
      (dev_loss === undefined ? '' : `; best after ${best_step}, dev loss ${dev_loss.toFixed(4)}`),
    'context-faithful experts by layer (share of routing, base → tuned):',
    ...layers,
    `run            ${run_folder}`,
    `report         ${report}`,
  ].join('\n');
}

function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(1)} %`;
}
