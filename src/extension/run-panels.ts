/** @file The panels about runs and the commands that open them. */
import { t } from '@vscode/l10n';
import * as v from 'valibot';
import type * as vscode from 'vscode';

import { InputError } from '../common/errors';
import type { AnalysisPanelState } from '../protocol/analysis-panel';
import type { ComparisonPanelState } from '../protocol/comparison-panel';
import type { TrainingPanelState } from '../protocol/training-panel';
import { analysisPanels } from './analysis/analysis-panels';
import { AnalyzeCommand, AnalyzeOptionsSchema, isFinishedTraining } from './analysis/analyze-command';
import type { Training } from './ceft/training';
import { type CommandGroup, parseOptions } from './command-group';
import { comparisonPanels } from './comparison/comparison-panels';
import type { Engine } from './engine/engine';
import type { RestoredPanels } from './restored-panels';
import type { RunHistory } from './runs/run-history';
import { pickRun, pickRuns } from './runs/run-picker';
import { trainingPanels } from './training/training-panels';
import type { Pickers } from './workspace/pickers';
import type { Run } from './workspace/runs';

export interface RunPanelParts {
  extensionUri: vscode.Uri;
  log: vscode.LogOutputChannel;
  engine: Engine;
  pickers: Pickers;
  history: RunHistory;
  training: Training;
}

const RunOptionsSchema = v.object({ run: v.optional(v.string()) });
const RunsOptionsSchema = v.object({ runs: v.optional(v.array(v.string())) });

export type RunPanelCommand = 'openTraining' | 'compareRuns' | 'openAnalysis' | 'analyze';

export class RunPanels implements vscode.Disposable {
  readonly training: RestoredPanels<TrainingPanelState>;
  readonly comparison: RestoredPanels<ComparisonPanelState>;
  readonly analysis: RestoredPanels<AnalysisPanelState>;
  readonly commands: CommandGroup<RunPanelCommand>;

  constructor({ extensionUri, log, engine, pickers, history, training }: RunPanelParts) {
    this.training = trainingPanels(extensionUri, log, {
      stateOf: run => history.stateOf(run),
      isOurs: folder => training.busy && training.current?.run === folder,
    });
    this.comparison = comparisonPanels(extensionUri, history, log);
    this.analysis = analysisPanels(extensionUri, log);
    const analyze = new AnalyzeCommand(engine, pickers, history, run => this.analysis.show({ run }));
    this.commands = {
      openTraining: options => {
        const { run = newestTraining(history.runs()).folder } = parseOptions(RunOptionsSchema, options);
        this.training.show({ run });
      },
      compareRuns: async (options, selected) => {
        const runs = parseOptions(RunsOptionsSchema, options).runs ?? selectedRuns(selected, history);
        const folders =
          runs ?? (await pickRuns(history.runs().filter(isFinishedTraining), run => history.stateOf(run)));
        if (folders) this.comparison.show({ runs: folders });
      },
      openAnalysis: async options => {
        const { run } = parseOptions(RunOptionsSchema, options);
        const done = history.runs().filter(isAnalysis);
        const folder = run ?? (await pickRun(done, each => history.stateOf(each)));
        if (folder !== undefined) this.analysis.show({ run: folder });
      },
      analyze: options => analyze.run(parseOptions(AnalyzeOptionsSchema, options)),
    };
  }

  dispose(): void {
    for (const panels of [this.training, this.comparison, this.analysis]) panels.dispose();
  }
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
