/** @file Commands on the runs of the workspace. */
import { t } from '@vscode/l10n';
import * as v from 'valibot';
import * as vscode from 'vscode';

import { InputError } from '../../common/errors';
import { type CommandGroup, isOptions, parseOptions } from '../command-group';
import type { Engine } from '../engine/engine';
import type { ExpertsView } from '../experts/experts-view';
import { commands } from '../manifest';
import type { MaskStore } from '../masks/mask-store';
import { openReport } from '../report-panel';
import type { Pickers } from '../workspace/pickers';
import type { Run } from '../workspace/runs';
import type { Selection } from '../workspace/selection';
import { deleteRun, DeleteRunOptionsSchema, deleteRuns } from './delete-run';
import { EvaluateCommand, EvaluateOptionsSchema } from './evaluate-command';
import { evaluationTable } from './evaluations';
import { type Exportable, ExportCommand, ExportOptionsSchema } from './export-command';
import { openTable } from './open-table';
import type { RunHistory } from './run-history';
import { pickRun } from './run-picker';
import type { RunsView } from './runs-view';

const RunOptionsSchema = v.object({ run: v.optional(v.string()) });

export type RunCommand =
  | 'openRun'
  | 'openReport'
  | 'openExperts'
  | 'revealRun'
  | 'exportRun'
  | 'evaluate'
  | 'deleteRun'
  | 'deleteSelectedRuns';

export interface RunCommandParts {
  extensionUri: vscode.Uri;
  engine: Engine;
  pickers: Pickers;
  selection: Selection;
  history: RunHistory;
  runs: Pick<RunsView, 'selection'>;
  experts: ExpertsView;
  masks: MaskStore;
}

export class RunCommands {
  readonly commands: CommandGroup<RunCommand> = {
    openRun: async given => {
      const folder = await this.folderOf(given);
      if (folder !== undefined) await this.open(folder);
    },
    openReport: async given => {
      const { run } = parseOptions(RunOptionsSchema, given);
      await openReport(run === undefined ? this.experts.current?.run : this.find(run), this.extensionUri);
    },
    openExperts: async given => {
      const folder = await this.folderOf(given, ({ record }) => record.status === 'done');
      if (folder !== undefined) await this.experts.reveal(folder);
    },
    revealRun: async given => {
      const folder = await this.folderOf(given);
      if (folder !== undefined)
        await vscode.commands.executeCommand('revealInExplorer', vscode.Uri.file(folder));
    },
    exportRun: async given => {
      const options = parseOptions(ExportOptionsSchema, given);
      const folder = await this.folderOf(given);
      return folder === undefined ? undefined : this.exporting.run(this.exportable(folder), options);
    },
    evaluate: async given => {
      const answer = await this.evaluating.run(parseOptions(EvaluateOptionsSchema, given));
      this.history.refresh();
      return answer;
    },
    deleteRun: (given, selected) => this.delete(given, selected),
    deleteSelectedRuns: () => this.delete(undefined, this.view.selection),
  };
  private readonly history: RunHistory;
  private readonly view: RunCommandParts['runs'];
  private readonly experts: ExpertsView;
  private readonly extensionUri: vscode.Uri;
  private readonly exporting: ExportCommand;
  private readonly evaluating: EvaluateCommand;

  constructor({ engine, pickers, selection, masks, ...parts }: RunCommandParts) {
    this.history = parts.history;
    this.view = parts.runs;
    this.experts = parts.experts;
    this.extensionUri = parts.extensionUri;
    this.exporting = new ExportCommand(engine);
    this.evaluating = new EvaluateCommand(
      ...([engine, pickers, selection, masks] as const),
      () => this.history.runs(),
      folder => this.open(folder),
    );
  }

  /** What there is to see of a run: training, experts, report, tables. */
  async open(folder: string): Promise<void> {
    if (this.history.evaluations().some(run => run.folder === folder))
      return openTable(folder, evaluationTable);
    const run = this.find(folder);
    const { job, status } = run.record;
    if (job === 'identify' && status === 'done') await this.experts.reveal(folder);
    else if (job === 'identify' || job === 'finetune')
      await vscode.commands.executeCommand(commands.openTraining, { run: folder });
    else await vscode.commands.executeCommand(commands.openAnalysis, { run: folder });
  }

  private async delete(given: unknown, selected: unknown): Promise<boolean> {
    let gone: boolean;
    if (isOptions(given)) {
      await deleteRun(parseOptions(DeleteRunOptionsSchema, given));
      gone = true;
    } else {
      const folders = foldersOf(selected);
      const one = folders.length > 0 ? undefined : await this.folderOf(given);
      const all = one === undefined ? folders : [one];
      gone = all.length > 0 && (await deleteRuns(all));
    }
    this.history.refresh();
    return gone;
  }

  private exportable(folder: string): Exportable {
    const evaluation = this.history.evaluations().some(run => run.folder === folder);
    return evaluation ? { folder } : this.find(folder);
  }

  /** @throws InputError if there is no such run */
  private find(folder: string): Run {
    const run = this.history.runs().find(each => each.folder === folder);
    if (!run) throw new InputError(t('{0} is not a run of this workspace.', folder));
    return run;
  }

  /** The run that a command was given, else the one that the user chooses. */
  private async folderOf(
    given: unknown,
    fits: (run: Run) => boolean = () => true,
  ): Promise<string | undefined> {
    const { run } = parseOptions(RunOptionsSchema, given);
    return run ?? pickRun(this.history.runs().filter(fits), run => this.history.stateOf(run));
  }
}

/** The folders of rows that are selected together. */
function foldersOf(selected: unknown): string[] {
  const rows = Array.isArray(selected) ? (selected as unknown[]) : [];
  return rows.map(row => parseOptions(v.object({ run: v.string() }), row).run);
}
