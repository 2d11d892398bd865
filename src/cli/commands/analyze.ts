/** @file `router-lens analyze KIND MODEL …` */
import path from 'node:path';

import type { Command } from 'commander';

import { analyze } from '../../lens/analyses/analyze';
import { type AnalysisKind, type AnalyzeRequestInput, AnalyzeRequestSchema } from '../../protocol/analyses';
import { runsFolder } from '../../protocol/artifacts';
import { runFolderName } from '../../protocol/artifacts';
import { describeAnalysis } from '../describe-analysis';
import {
  addEvaluationOptions,
  collected,
  type EvaluationOptionValues,
  evaluationSettings,
} from '../evaluation-options';
import { checked, numberOption } from '../options';
import { withProgress } from '../progress-line';

interface AnalyzeOptions extends EvaluationOptionValues {
  data?: string | string[];
  run?: string | string[];
  experts?: string;
  mask?: string[];
  random?: number;
  sample?: number;
  out?: string;
}

const samples = 'samples: {context, question, answer}, JSON or JSONL';

/** What each analysis is for, and the options that it has beside the common ones. */
const analyses: Record<AnalysisKind, (command: Command) => Command> = {
  attention: command =>
    withRun(withData(command))
      .description('attention from the last prompt token to context and answer, and its gain (CAG, AAG)')
      .addOption(numberOption('--sample <n>', 'the sample that is shown by token, counted from 0')),
  'logit-lens': command =>
    withRun(withData(command)).description('answer probability after each layer, and its gain (APG)'),
  reliance: command =>
    withData(command)
      .description('log-probability of each answer token with minus without the context')
      .option('--run <folder>', 'compare with the tuned weights of this run'),
  masking: command =>
    withExperts(withRun(withData(command)))
      .description('answers with context-faithful, original and random experts switched off')
      .option('--mask <file>', 'a further list of experts to switch off; may be repeated', collected)
      .addOption(numberOption('--random <n>', 'random lists of as many experts (default: 3)')),
  patterns: command =>
    withExperts(withRun(withDatasets(command))).description(
      'a map of samples by the context-faithful experts they use',
    ),
  transfer: command =>
    withRuns(withDatasets(command)).description('runs tuned on one dataset, evaluated on the others'),
  forgetting: command =>
    withRuns(withData(command)).description('closed-book answers before and after tuning'),
  cost: command =>
    withRuns(command).description('trainable parameters, seconds and peak memory of several runs'),
};

const withData = (command: Command): Command => command.requiredOption('--data <file>', samples);
const withDatasets = (command: Command): Command =>
  command.requiredOption('--data <file>', `${samples}; may be repeated`, collected);
const withRun = (command: Command): Command => command.requiredOption('--run <folder>', 'the tuned run');
const withExperts = (command: Command): Command =>
  command.option('--experts <file>', "lists the experts: a context-dependence.json (default: the run's own)");
const withRuns = (command: Command): Command =>
  command.requiredOption('--run <folder>', 'a tuned run; may be repeated', collected);

export function addAnalyze(program: Command): void {
  const group = program.command('analyze').description('the analyses of the method: numbers and pictures');
  for (const [kind, addOptions] of Object.entries(analyses)) {
    const command = addOptions(group.command(kind).argument('<model>', 'checkpoint folder')).option(
      '--out <folder>',
      `run folder (default: ${runsFolder}/<UTC time>-analyze-${kind})`,
    );
    addEvaluationOptions(command).action(async (model: string, { json, ...options }: AnalyzeOptions) => {
      const request = checked(AnalyzeRequestSchema, requestOf(kind as AnalysisKind, model, options));
      const answer = await withProgress(hooks => analyze(request, hooks));
      console.log(json ? JSON.stringify(answer) : describeAnalysis(answer));
    });
  }
}

/** A field that the kind of analysis does not have is undefined, and dropped with the check of the request. */
function requestOf(kind: AnalysisKind, model: string, options: AnalyzeOptions): AnalyzeRequestInput {
  const { data, run, experts, mask, random, sample, out, ...others } = options;
  return {
    ...evaluationSettings(others),
    kind,
    model,
    data,
    run,
    runs: run,
    experts,
    masks: mask,
    random,
    sample,
    out: out ?? path.join(runsFolder, runFolderName(`analyze-${kind}`, new Date())),
  } as AnalyzeRequestInput;
}
