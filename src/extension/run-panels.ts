/** @file The panels about runs and the commands that open them. */
import { t } from '@vscode/l10n';
import * as v from 'valibot';
import * as vscode from 'vscode';

import { InputError } from '../common/errors';
import { analysisPanels } from './analysis/analysis-panels';
import { AnalyzeCommand, AnalyzeOptionsSchema, isFinishedTraining } from './analysis/analyze-command';
import type { Training } from './ceft/training';
import { type CommandRegistry, parseOptions } from './command-registry';
import { comparisonPanels } from './comparison/comparison-panels';
import type { Engine } from './engine/engine';
import { commands } from './manifest';
import type { RunHistory } from './runs/run-history';
import { pickRun, pickRuns } from './runs/run-picker';
import { trainingPanels } from './training/training-panels';
import type { Pickers } from './workspace/pickers';
import type { Run } from './workspace/runs';

export interface RunPanelParts {
  extensionUri: vscode.Uri;
  log: vscode.LogOutputChannel;
  registry: CommandRegistry;
  engine: Engine;
  pickers: Pickers;
  history: RunHistory;
  training: Training;
}

const RunOptionsSchema = v.object({ run: v.optional(v.string()) });
const RunsOptionsSchema = v.object({ runs: v.optional(v.array(v.string())) });

/** @returns what is to be disposed of */
export function registerRunPanels(parts: RunPanelParts): vscode.Disposable {
  const { extensionUri, log, registry, engine, pickers, history, training } = parts;
  const trainings = trainingPanels(extensionUri, log, {
    stateOf: run => history.stateOf(run),
    isOurs: folder => training.busy && training.current?.run === folder,
  });
  const comparisons = comparisonPanels(extensionUri, history, log);
  const analyses = analysisPanels(extensionUri, log);
  const analyze = new AnalyzeCommand(engine, pickers, history, run => analyses.show({ run }));
  registry.register(commands.openTraining, options => {
    const { run = newestTraining(history.runs()).folder } = parseOptions(RunOptionsSchema, options);
    trainings.show({ run });
  });
  registry.register(commands.compareRuns, async (options, selected) => {
    const runs = parseOptions(RunsOptionsSchema, options).runs ?? selectedRuns(selected, history);
    const folders =
      runs ?? (await pickRuns(history.runs().filter(isFinishedTraining), run => history.stateOf(run)));
    if (folders) comparisons.show({ runs: folders });
  });
  registry.register(commands.openAnalysis, async options => {
    const { run } = parseOptions(RunOptionsSchema, options);
    const done = history.runs().filter(isAnalysis);
    const folder = run ?? (await pickRun(done, each => history.stateOf(each)));
    if (folder !== undefined) analyses.show({ run: folder });
  });
  registry.register(commands.analyze, options => analyze.run(parseOptions(AnalyzeOptionsSchema, options)));
  return vscode.Disposable.from(trainings, comparisons, analyses);
}

export function isAnalysis({ record: { job, status } }: Run): boolean {
  return status === 'done' && job.startsWith('analyze-');
}

/** The rows of the Runs view that are selected together, as far as they trained something; nothing for fewer than two. */
function selectedRuns(selected: unknown, history: RunHistory): string[] | undefined {
  const rows = Array.isArray(selected) ? (selected as unknown[]) : [];
  const folders = rows.map(row => parseOptions(RunOptionsSchema, row).run);
  const trained = history.runs().filter(run => folders.includes(run.folder) && isFinishedTraining(run));
  return trained.length < 2 ? undefined : trained.map(({ folder }) => folder).reverse();
}

/** @param runs newest first. @throws InputError when none of them trained */
function newestTraining(runs: readonly Run[]): Run {
  const found = runs.find(({ record }) => record.job === 'identify' || record.job === 'finetune');
  if (found) return found;
  throw new InputError(t('There is no training yet: run “Identify Context-Faithful Experts” first.'));
}
