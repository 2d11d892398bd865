/** @file Options of router tuning and fine-tuning. Defaults are those of the request's schema. */
import { Option } from 'commander';

import { numberOption } from './options';

export function trainingOptions(): Option[] {
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
    numberOption('--patience <n>', 'end after so many evaluations without a lower dev loss'),
    numberOption('--checkpoint-every <n>', 'save the state after so many updates, too'),
    numberOption('--load-balancing <x>', 'factor of the routers’ load-balancing loss (default: 0)'),
  ];
}
