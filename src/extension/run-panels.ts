/** @file The panels about runs and the commands that open them. */
import { t } from '@vscode/l10n';
import * as v from 'valibot';
import type * as vscode from 'vscode';

import { InputError } from '../common/errors';
import { type CommandRegistry, parseOptions } from './command-registry';
import { commands } from './manifest';
import type { RunHistory } from './runs/run-history';
import { TrainingPanels } from './training/training-panels';
import type { Run } from './workspace/runs';

export interface RunPanelParts {
  extensionUri: vscode.Uri;
  log: vscode.LogOutputChannel;
  registry: CommandRegistry;
  history: RunHistory;
}

const TrainingOptionsSchema = v.object({ run: v.optional(v.string()) });

/** @returns what is to be disposed of */
export function registerRunPanels({ extensionUri, log, registry, history }: RunPanelParts): vscode.Disposable {
  const trainings = new TrainingPanels(extensionUri, log, run => history.stateOf(run));
  registry.register(commands.openTraining, options => {
    trainings.show(parseOptions(TrainingOptionsSchema, options).run ?? newestTraining(history.runs()).folder);
  });
  return trainings;
}

/** @param runs newest first. @throws InputError when none of them trained */
function newestTraining(runs: readonly Run[]): Run {
  const found = runs.find(({ record }) => record.job === 'identify' || record.job === 'finetune');
  if (found) return found;
  throw new InputError(t('There is no training yet: run “Identify Context-Faithful Experts” first.'));
}
