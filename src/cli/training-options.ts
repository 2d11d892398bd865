/** @file Options of the commands that train. Defaults are those of the request's schema. */
import path from 'node:path';

import { type Command, Option } from 'commander';
import type * as v from 'valibot';

import { InputError } from '../common/errors';
import { runsFolder } from '../protocol/artifacts';
import { runFolderName } from '../protocol/artifacts';
import { type TuningRequestSchema } from '../protocol/jobs';
import { engineOptions, type EngineOptionValues, engineSettings, numberOption, snakeCased } from './options';

/** Values of the options of {@link addTuningOptions}; what is not named belongs to the training. */
export interface TuningOptionValues extends Record<string, unknown>, EngineOptionValues {
  train?: string;
  dev?: string;
  test?: string;
  limitTrain?: number;
  limitDev?: number;
  limitTest?: number;
  out?: string;
  resume?: string;
  json?: true;
}

/** @param own options of this command alone */
export function addTuningOptions(command: Command, own: readonly Option[]): void {
  command
    .option('--train <file>', 'samples to train on: {context, question, answer}, JSON or JSONL')
    .option('--dev <file>', 'samples that choose the best weights')
    .option('--test <file>', 'samples whose answers are scored before and after')
    .option('--out <folder>', `run folder (default: ${runsFolder}/<UTC time>-${command.name()})`)
    .option(
      '--resume <folder>',
      'go on with an interrupted run, with the settings and data that it began with',
    )
    .option('--json', 'print one machine-readable result');
  const limits = [
    numberOption('--limit-train <n>', 'training samples drawn at most'),
    numberOption('--limit-dev <n>', 'dev samples drawn at most'),
    numberOption('--limit-test <n>', 'test samples drawn at most'),
  ];
  for (const option of [...own, ...limits, ...trainingOptions(), ...engineOptions()])
    command.addOption(option);
}

/**
 * The fields of a request that come from {@link addTuningOptions}.
 * @throws InputError if there is nothing to train on
 */
export function tuningRequest(
  job: string,
  model: string,
  options: TuningOptionValues,
): v.InferInput<typeof TuningRequestSchema> {
  const { train, dev, test, limitTrain, limitDev, limitTest, ...withEngine } = options;
  const { threads, memoryBudget, executionProvider, ...others } = withEngine;
  const { out = path.join(runsFolder, runFolderName(job, new Date())), ...training } = others;
  if (train === undefined)
    throw new InputError('--train: is missing. Give a file of samples, or --resume a run.');
  return {
    ...{ model, train, dev, test, out },
    ...{ limit_train: limitTrain, limit_dev: limitDev, limit_test: limitTest },
    training: snakeCased(training),
    engine: engineSettings({ threads, memoryBudget, executionProvider }),
  };
}

function trainingOptions(): Option[] {
  return [
    new Option(
      '--parametrisation <kind>',
      'train the weights themselves or low-rank additions (default: full)',
    ).choices(['full', 'lora']),
    new Option('--no-train-router-bias', "routers' biases, where there are any, stay as they are"),
    numberOption('--lora-r <n>', 'rank of the additions (default: 8)'),
    numberOption('--lora-alpha <x>', 'the additions are scaled by alpha / r (default: 32)'),
    numberOption('--lora-dropout <p>', 'dropout before the additions (default: 0.1)'),
    numberOption('--epochs <x>', 'passes over the training samples (default: 3)').conflicts(['maxSteps']),
    numberOption('--max-steps <n>', 'updates, instead of epochs'),
    numberOption('--batch-size <n>', 'samples a batch (default: 8)'),
    numberOption('--grad-accumulation <n>', 'batches an update (default: 1)'),
    numberOption('--lr <x>', 'learning rate (default: 5e-4)'),
    new Option('--schedule <kind>', 'of the learning rate (default: cosine)').choices([
      'cosine',
      'linear',
      'constant',
    ]),
    numberOption('--warmup-ratio <x>', 'share of the run in which the learning rate rises (default: 0.1)'),
    numberOption('--weight-decay <x>', 'of AdamW (default: 0)'),
    numberOption('--clip <x>', 'largest gradient norm, 0: none (default: 1)'),
    numberOption('--seed <n>', 'of the order of samples and of what is drawn (default: 0)'),
    new Option('--no-shuffle', 'batches of consecutive samples, cyclic'),
    numberOption('--max-seq-length <n>', 'longer samples are dropped (default: 300)'),
    new Option(
      '--select <score>',
      'of the dev set, by which the best weights are kept: lowest loss or highest exact match (default: loss)',
    ).choices(['loss', 'em']),
    new Option(
      '--dev-answers',
      'score answers to the dev set at every evaluation, even where the loss selects',
    ),
    numberOption('--patience <n>', 'end after so many evaluations without a new best'),
    numberOption('--checkpoint-every <n>', 'save the state after so many updates, too'),
    numberOption('--load-balancing <x>', 'factor of the routers’ load-balancing loss (default: 0)'),
  ];
}
