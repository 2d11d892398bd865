/** @file Identify Context-Faithful Experts: asks what is not given, runs the job, offers what comes next. */
import { t } from '@vscode/l10n';
import * as v from 'valibot';
import * as vscode from 'vscode';

import {
  EngineSettingsSchema,
  type IdentifyRequestInput,
  IdentifyRequestSchema,
  type IdentifyResult,
  TrainingSettingsSchema,
} from '../protocol/jobs';
import type { Engine } from './engine/engine';
import { EngineExitError } from './engine/engine-exit-error';
import type { EngineLog } from './engine/engine-process';
import { withJobProgress } from './job-progress';
import { commands } from './manifest';
import { identifyText } from './progress-text';
import { readIdentifySettings } from './settings';
import type { Pickers } from './workspace/pickers';
import { closeCrashedRun, inNewRunFolder } from './workspace/runs';
import { mainFolder, requireTrust, settingReader } from './workspace/workspace';

/** What the command takes from keybindings and other extensions; what is missing is asked or read from the settings. */
export const IdentifyOptionsSchema = v.partial(
  v.object({
    ...v.omit(IdentifyRequestSchema, ['out', 'resume']).entries,
    training: v.partial(TrainingSettingsSchema),
    engine: v.partial(EngineSettingsSchema),
  }),
);
export type IdentifyOptions = v.InferOutput<typeof IdentifyOptionsSchema>;

export class IdentifyCommand {
  constructor(
    private readonly engine: Engine,
    private readonly pickers: Pickers,
    private readonly log: EngineLog,
    private readonly onFinished: () => void,
  ) {}

  /**
   * @param signal cancels it, as the notification does
   * @returns nothing when the user leaves one of the questions
   */
  async run(options: IdentifyOptions, signal?: AbortSignal): Promise<IdentifyResult | undefined> {
    requireTrust();
    const folder = mainFolder();
    const settings = readIdentifySettings(settingReader());
    const model = options.model ?? (await this.pickers.pickModel());
    if (model === undefined) return undefined;
    const data = options.train === undefined ? await this.pickers.pickDataset() : undefined;
    const train = options.train ?? data?.train;
    if (train === undefined) return undefined;
    const request = {
      ...settings,
      ...{ dev: data?.dev, test: data?.test },
      ...options,
      ...{ model, train },
      training: { ...settings.training, ...options.training },
      engine: { ...settings.engine, ...options.engine },
    };
    return inNewRunFolder(folder, 'identify', out => this.execute({ ...request, out }, signal));
  }

  private async execute(request: IdentifyRequestInput, signal?: AbortSignal): Promise<IdentifyResult> {
    try {
      const result = await withJobProgress(
        t('Identifying context-faithful experts'),
        hooks => this.engine.request('identify', request, hooks),
        signal,
      );
      this.onFinished();
      void offerNext(result);
      return result;
    } catch (error) {
      if (error instanceof EngineExitError) this.afterCrash(request.out, error);
      throw error;
    }
  }

  private afterCrash(folder: string, { message }: EngineExitError): void {
    if (closeCrashedRun(folder, message))
      this.log.info(
        `The run can go on from its last checkpoint: router-lens identify MODEL --resume ${folder}`,
      );
  }
}

/** The notification stays until it is answered; the command does not wait for that. */
async function offerNext({ run }: IdentifyResult): Promise<void> {
  const actions: Record<string, string> = {
    [t('Open Report')]: commands.openReport,
    [t('Trace a Prompt')]: commands.tracePrompt,
  };
  const chosen = await vscode.window.showInformationMessage(identifyText(run), ...Object.keys(actions));
  if (chosen) await vscode.commands.executeCommand(actions[chosen]);
}
