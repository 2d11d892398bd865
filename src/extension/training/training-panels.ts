/** @file The Training panels: one for each run that is looked at, restored after a reload. */
import { existsSync } from 'node:fs';
import path from 'node:path';

import { t } from '@vscode/l10n';
import * as vscode from 'vscode';

import { InputError, messageOf } from '../../common/errors';
import { runFiles } from '../../protocol/artifacts';
import {
  type FromTrainingPanel,
  FromTrainingPanelSchema,
  type RunState,
  type ToTrainingPanel,
  type TrainingAction,
  type TrainingPanelState,
  TrainingPanelStateSchema,
} from '../../protocol/training-panel';
import { commands, panels } from '../manifest';
import { PagePanel } from '../page-panel';
import { RestoredPanels } from '../restored-panels';
import { hasTrainingState, readContextDependence, readRun, type Run } from '../workspace/runs';
import { followRun } from './run-follower';

/** What the panels need to know of jobs. */
export interface TrainingJobs {
  stateOf: (run: Run) => RunState;
  /** This window's training writes the folder now, so that it can be stopped here. */
  isOurs: (folder: string) => boolean;
}

/** Panels that follow a run. */
export function trainingPanels(
  extensionUri: vscode.Uri,
  log: vscode.LogOutputChannel,
  jobs: TrainingJobs,
): RestoredPanels<TrainingPanelState> {
  return new RestoredPanels({
    ...{ type: panels.training, title: t('Training'), state: TrainingPanelStateSchema },
    fill: (panel, { run }) => new TrainingPanel(panel, run, jobs, extensionUri, log),
  });
}

class TrainingPanel {
  private readonly page: PagePanel<Extract<FromTrainingPanel, { type: 'act' }>, ToTrainingPanel>;
  private follower: { dispose(): void } | undefined;
  /** What the page was told of the record, to tell it only what is new. */
  private told = '';

  constructor(
    panel: vscode.WebviewPanel,
    private readonly folder: string,
    private readonly jobs: TrainingJobs,
    extensionUri: vscode.Uri,
    log: vscode.LogOutputChannel,
  ) {
    this.page = new PagePanel(panel, {
      ...{ extensionUri, log, bundle: 'training', saveIn: folder },
      incoming: FromTrainingPanelSchema,
      ready: () => this.follow(),
      receive: ({ action }) => void vscode.commands.executeCommand(actionCommands[action], { run: folder }),
      left: () => this.leave(),
    });
  }

  private follow(): void {
    this.leave();
    this.told = '';
    if (!existsSync(this.folder)) {
      this.fail(new InputError(t('The run is gone: {0}', this.folder)));
      return;
    }
    this.follower = followRun(this.folder, {
      changed: () => this.sendRun(),
      metrics: ({ lines, fromStart }) => this.page.post({ type: 'metrics', lines, from_start: fromStart }),
      ratios: ({ lines, fromStart }) => this.page.post({ type: 'ratios', lines, from_start: fromStart }),
      failed: line => this.page.post({ type: 'error', text: line }),
    });
  }

  private leave(): void {
    this.follower?.dispose();
    this.follower = undefined;
  }

  private sendRun(): void {
    try {
      const run = readRun(this.folder);
      const message = runMessage(run, this.jobs);
      const text = JSON.stringify(message);
      if (text === this.told) return;
      this.told = text;
      this.page.title = t('Training: {0}', message.record.model.name);
      this.page.post(message);
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    this.page.post({ type: 'error', text: messageOf(error) });
  }
}

const actionCommands: Record<TrainingAction, string> = {
  stop: commands.stopTraining,
  resume: commands.resumeRun,
  report: commands.openReport,
  experts: commands.openExperts,
};

function runMessage(run: Run, jobs: TrainingJobs): Extract<ToTrainingPanel, { type: 'run' }> {
  const { folder, record } = run;
  const hasRatios = existsSync(path.join(folder, runFiles.contextDependence));
  const state = jobs.stateOf(run);
  return {
    ...{ type: 'run', folder, record, state },
    actions: actionsOf(folder, state, hasRatios, jobs),
    // A fine-tuning has the ratios that its experts were chosen by, which are those of another run.
    ...(hasRatios && record.job === 'identify' ? { context_dependence: readContextDependence(run) } : {}),
  };
}

function actionsOf(
  folder: string,
  state: RunState,
  hasRatios: boolean,
  { isOurs }: TrainingJobs,
): TrainingAction[] {
  const canGoOn = state !== 'running' && state !== 'done' && hasTrainingState(folder);
  return [
    // Another process is stopped where it was started.
    ...(state === 'running' && isOurs(folder) ? (['stop'] as const) : []),
    ...(canGoOn && vscode.workspace.isTrusted ? (['resume'] as const) : []),
    ...(existsSync(path.join(folder, runFiles.report)) ? (['report'] as const) : []),
    ...(state === 'done' && hasRatios ? (['experts'] as const) : []),
  ];
}
