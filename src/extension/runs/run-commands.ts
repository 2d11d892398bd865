/** @file Commands on the runs of the workspace. */
import { t } from '@vscode/l10n';
import * as v from 'valibot';
import * as vscode from 'vscode';

import { InputError } from '../../common/errors';
import { type CommandRegistry, isOptions, parseOptions } from '../command-registry';
import type { ExpertsView } from '../experts/experts-view';
import { commands } from '../manifest';
import { openReport } from '../report-panel';
import type { Run } from '../workspace/runs';
import { deleteRun, DeleteRunOptionsSchema, deleteRuns } from './delete-run';
import { evaluationTable } from './evaluations';
import { type Exportable, type ExportCommand, ExportOptionsSchema } from './export-command';
import { openTable } from './open-table';
import type { RunHistory } from './run-history';
import { pickRun } from './run-picker';
import type { RunsView } from './runs-view';

const RunOptionsSchema = v.object({ run: v.optional(v.string()) });

export class RunCommands {
  constructor(
    private readonly history: RunHistory,
    private readonly view: Pick<RunsView, 'selection'>,
    private readonly experts: ExpertsView,
    private readonly exporting: ExportCommand,
    private readonly extensionUri: vscode.Uri,
  ) {}

  registerWith(registry: CommandRegistry): void {
    registry.register(commands.openRun, async (given: unknown) => {
      const folder = await this.folderOf(given);
      if (folder !== undefined) await this.open(folder);
    });
    registry.register(commands.openReport, async (given: unknown) => {
      const { run } = parseOptions(RunOptionsSchema, given);
      await openReport(run === undefined ? this.experts.current?.run : this.find(run), this.extensionUri);
    });
    registry.register(commands.openExperts, async (given: unknown) => {
      const folder = await this.folderOf(given, ({ record }) => record.status === 'done');
      if (folder !== undefined) await this.experts.reveal(folder);
    });
    registry.register(commands.revealRun, async (given: unknown) => {
      const folder = await this.folderOf(given);
      if (folder !== undefined)
        await vscode.commands.executeCommand('revealInExplorer', vscode.Uri.file(folder));
    });
    registry.register(commands.exportRun, async (given: unknown) => {
      const options = parseOptions(ExportOptionsSchema, given);
      const folder = await this.folderOf(given);
      return folder === undefined ? undefined : this.exporting.run(this.exportable(folder), options);
    });
    registry.register(commands.deleteRun, (given: unknown, selected: unknown) =>
      this.delete(given, selected),
    );
    registry.register(commands.deleteSelectedRuns, () => this.delete(undefined, this.view.selection));
    registry.register(commands.refreshRuns, () => this.history.refresh());
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
