/** @file Options that `evaluate` and the analyses share, and how they print scores and estimates. */
import type { Command, Option } from 'commander';

import type { Estimate, Scores } from '../protocol/evaluation';
import { engineOptions, type EngineOptionValues, engineSettings, numberOption } from './options';

export interface EvaluationOptionValues extends EngineOptionValues {
  seed?: number;
  limit?: number;
  maxSeqLength?: number;
  json?: true;
}

export function addEvaluationOptions(command: Command): Command {
  const options: Option[] = [
    numberOption('--limit <n>', 'samples drawn from each dataset at most (default: all)'),
    numberOption('--max-seq-length <n>', 'longer samples are dropped (default: 300)'),
    numberOption('--seed <n>', 'of what is drawn, and of the bootstrap (default: 0)'),
    ...engineOptions(),
  ];
  for (const option of options) command.addOption(option);
  return command.option('--json', 'print one machine-readable result');
}

/** The fields of a request that come from {@link addEvaluationOptions}. */
export function evaluationSettings({
  seed,
  limit,
  maxSeqLength,
  ...engine
}: EvaluationOptionValues): { [field: string]: unknown } & { engine: ReturnType<typeof engineSettings> } {
  return { seed, limit, max_seq_length: maxSeqLength, engine: engineSettings(engine) };
}

/** For options that may be given more than once, each with one value or several. */
export function collected(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

export function describeScores(name: string, { em, em_interval, f1, f1_interval, samples }: Scores): string {
  const scored = (value: number, [low, high]: readonly [number, number]): string =>
    `${value.toFixed(1)} [${low.toFixed(1)}, ${high.toFixed(1)}]`;
  return `${name}  EM ${scored(em, em_interval)}  F1 ${scored(f1, f1_interval)}  (${samples} answers)`;
}

export function describeEstimate({ value, low, high }: Estimate, decimals = 3): string {
  if (value === null || low === null || high === null) return 'not known';
  return `${value.toFixed(decimals)} [${low.toFixed(decimals)}, ${high.toFixed(decimals)}]`;
}
