/** @file The panels about runs and the commands that open them. */
import { t } from '@vscode/l10n';
import * as v from 'valibot';
import type * as vscode from 'vscode';

import { InputError } from '../common/errors';
import { type CommandRegistry, parseOptions } from './command-registry';
import { commands } from './manifest';
import { TrainingPanels } from './training/training-panels';
import { listRuns, type Run } from './workspace/runs';
import { allFolders } from './workspace/workspace';

export interface RunPanelParts {
  extensionUri: vscode.Uri;
  log: vscode.LogOutputChannel;
  registry: CommandRegistry;
}

const TrainingOptionsSchema = v.object({ run: v.optional(v.string()) });

/** @returns what is to be disposed of */
export function registerRunPanels({ extensionUri, log, registry }: RunPanelParts): vscode.Disposable {
  const trainings = new TrainingPanels(extensionUri, log);
  registry.register(commands.openTraining, options => {
    trainings.show(parseOptions(TrainingOptionsSchema, options).run ?? newestTraining(log).folder);
  });
  return trainings;
}

/** @throws InputError when there is none */
function newestTraining(log: vscode.LogOutputChannel): Run {
  const runs = allRuns(log).filter(({ record }) => ['identify', 'finetune'].includes(record.job));
  if (runs.length === 0)
    throw new InputError(t('There is no training yet: run “Identify Context-Faithful Experts” first.'));
  return runs[0];
}

/** The runs of all workspace folders, newest first. */
function allRuns(log: vscode.LogOutputChannel): Run[] {
  return allFolders()
    .flatMap(folder => listRuns(folder, line => log.warn(line)))
    .sort((a, b) => b.id.localeCompare(a.id));
}
