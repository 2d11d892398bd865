/** @file Commands that start, stop and go on with fine-tuning. */
import { t } from '@vscode/l10n';
import * as v from 'valibot';
import * as vscode from 'vscode';

import { InputError } from '../../common/errors';
import type { CeftRequest } from '../../protocol/ceft-form';
import { FinetuneRequestSchema, type FinetuneResult } from '../../protocol/finetune';
import { finetuneName } from '../../protocol/finetune-methods';
import { EngineSettingsSchema, type IdentifyResult, TrainingSettingsSchema } from '../../protocol/jobs';
import { type CommandGroup, isOptions, parseOptions } from '../command-group';
import { commands, views } from '../manifest';
import type { RunHistory } from '../runs/run-history';
import { runDescription, runTitle, scoreText } from '../runs/run-rows';
import { readEngineSettings } from '../settings';
import { hasTrainingState, inNewRunFolder, isResumable, type Run } from '../workspace/runs';
import { mainFolder, requireTrust, settingReader } from '../workspace/workspace';
import type { Training } from './training';

/** What `runCeft` takes from keybindings and other extensions: a request of the command line, without its folder. */
export const CeftOptionsSchema = v.object({
  ...v.omit(FinetuneRequestSchema, ['out', 'resume']).entries,
  training: v.optional(v.partial(TrainingSettingsSchema)),
  engine: v.optional(v.partial(EngineSettingsSchema)),
});
const RunSchema = v.object({ run: v.optional(v.string()) });

export type CeftCommand = 'runCeft' | 'stopTraining' | 'resumeRun';

export class CeftCommands {
  readonly commands: CommandGroup<CeftCommand> = {
    runCeft: options =>
      isOptions(options)
        ? this.start(parseOptions(CeftOptionsSchema, options))
        : vscode.commands.executeCommand(`${views.ceft}.focus`),
    stopTraining: () => this.training.stop(),
    resumeRun: async given => {
      const run = parseOptions(RunSchema, given).run ?? (await this.pickStopped());
      return run === undefined ? undefined : this.resume(run);
    },
  };

  constructor(
    private readonly training: Training,
    private readonly history: RunHistory,
  ) {}

  /** Fine-tunes in a new run folder. */
  async start(
    request: CeftRequest & { engine?: v.InferOutput<typeof CeftOptionsSchema>['engine'] },
  ): Promise<FinetuneResult | IdentifyResult> {
    requireTrust();
    const { method, training = {} } = request;
    const engine = { ...readEngineSettings(settingReader()), ...request.engine };
    const title = finetuneName({ parametrisation: 'full', ...training, method }) ?? method;
    return inNewRunFolder(mainFolder(), 'finetune', out =>
      this.during(out, () => this.training.finetune({ ...request, engine, out }, title)),
    );
  }

  /** @param folder of a run that was stopped. @throws InputError if it cannot go on */
  async resume(folder: string): Promise<FinetuneResult | IdentifyResult> {
    requireTrust();
    const run = this.history.runs().find(each => each.folder === folder);
    if (!run) throw new InputError(t('{0} is not a run of this workspace.', folder));
    if (!hasTrainingState(folder))
      throw new InputError(t('{0}: has no state to go on from. Start the run anew.', run.id));
    return this.during(folder, () => this.training.resume(run));
  }

  private async during(
    folder: string,
    work: () => Promise<FinetuneResult | IdentifyResult>,
  ): Promise<FinetuneResult | IdentifyResult> {
    try {
      const result = await work();
      void this.offerNext(result);
      return result;
    } catch (error) {
      if (isResumable(folder)) void this.offerResume(folder);
      throw error;
    } finally {
      this.history.refresh();
    }
  }

  private async offerNext({ run, run_folder }: FinetuneResult | IdentifyResult): Promise<void> {
    const score = scoreText(run);
    const done = t('{0} of {1} is done.', runTitle(run), run.model.name);
    const actions: Record<string, () => unknown> = {
      [t('Open Training')]: () => vscode.commands.executeCommand(commands.openTraining, { run: run_folder }),
      [t('Evaluate…')]: () => vscode.commands.executeCommand(commands.evaluate, { run: run_folder }),
      [t('Export…')]: () => vscode.commands.executeCommand(commands.exportRun, { run: run_folder }),
    };
    const text = score === undefined ? done : `${done} ${score}`;
    const chosen = await vscode.window.showInformationMessage(text, ...Object.keys(actions));
    if (chosen !== undefined) await actions[chosen]();
  }

  private async offerResume(folder: string): Promise<void> {
    const resume = t('Resume');
    const text = t('The training stopped. It can go on from its last saved state.');
    if ((await vscode.window.showInformationMessage(text, resume)) === resume)
      await vscode.commands.executeCommand(commands.resumeRun, { run: folder });
  }

  /** @throws InputError when none can go on */
  private async pickStopped(): Promise<string | undefined> {
    const stopped = this.history.runs().filter(run => this.canGoOn(run));
    if (stopped.length === 0) throw new InputError(t('There is no run that was stopped and can go on.'));
    const items = stopped.map(run => ({
      label: runTitle(run.record),
      description: runDescription({ ...run, state: this.history.stateOf(run), files: [] }),
      detail: run.id,
      folder: run.folder,
    }));
    return (await vscode.window.showQuickPick(items, { title: t('Router Lens: Resume') }))?.folder;
  }

  private canGoOn(run: Run): boolean {
    const state = this.history.stateOf(run);
    return state !== 'done' && state !== 'running' && hasTrainingState(run.folder);
  }
}
