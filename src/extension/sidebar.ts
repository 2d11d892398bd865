/** @file The trees of the side bar and the commands on their rows. */
import { t } from '@vscode/l10n';
import * as v from 'valibot';
import * as vscode from 'vscode';

import { isHeld } from '../common/run-lock';
import { type CommandGroup, parseOptions } from './command-group';
import { DatasetsView } from './datasets/datasets-view';
import { openSample, OpenSampleOptionsSchema } from './datasets/open-sample';
import type { Engine } from './engine/engine';
import { ExpertsView } from './experts/experts-view';
import type { LazyPart } from './lazy-part';
import { MaskStore } from './masks/mask-store';
import type { Checkpoints } from './models/checkpoints';
import { ModelsView } from './models/models-view';
import { RunHistory } from './runs/run-history';
import { RunsView } from './runs/runs-view';
import type { Pickers } from './workspace/pickers';
import type { Selection } from './workspace/selection';
import type { WorkspaceFiles } from './workspace/workspace-files';

/** What the side bar is made of. */
export interface SidebarParts {
  context: vscode.ExtensionContext;
  engine: Engine;
  selection: Selection;
  pickers: LazyPart<Pickers>;
  files: WorkspaceFiles;
  checkpoints: Checkpoints;
  log: vscode.LogOutputChannel;
}

const PathSchema = v.object({ path: v.string() });

type SidebarCommand =
  | 'selectModel'
  | 'selectDataset'
  | 'refreshWorkspace'
  | 'openSample'
  | 'revealFile'
  | 'copyPath'
  | 'refreshRuns'
  | 'refreshExperts'
  | 'sortExpertsByRatio'
  | 'sortExpertsByChange'
  | 'showContextFaithfulOnly'
  | 'showAllExperts';

export class Sidebar implements vscode.Disposable {
  readonly history: RunHistory;
  readonly masks: MaskStore;
  readonly models: ModelsView;
  readonly datasets: DatasetsView;
  readonly experts: ExpertsView;
  readonly runs: RunsView;
  readonly commands: CommandGroup<SidebarCommand>;

  constructor(private readonly parts: SidebarParts) {
    const { context, engine, selection, files, checkpoints, log } = parts;
    const warn = (line: string): void => log.warn(line);
    this.history = new RunHistory(warn, isHeld);
    this.masks = new MaskStore(context.workspaceState, warn);
    this.models = new ModelsView(files, checkpoints, engine, selection);
    this.datasets = new DatasetsView(files, selection);
    this.experts = new ExpertsView(this.history, this.masks, context.workspaceState, log);
    this.runs = new RunsView(this.history);
    this.commands = this.commandsOfRows();
  }

  dispose(): void {
    const { models, datasets, experts, runs, masks, history } = this;
    for (const part of [models, datasets, experts, runs, masks, history]) part.dispose();
  }

  private commandsOfRows(): CommandGroup<SidebarCommand> {
    const { experts, history } = this;
    const { files, checkpoints, pickers } = this.parts;
    return {
      selectModel: async row =>
        (await pickers.get()).pickModel(parseOptions(v.object({ model: v.optional(v.string()) }), row).model),
      selectDataset: async row =>
        (await pickers.get()).pickDataset(
          parseOptions(v.object({ train: v.optional(v.string()) }), row).train,
        ),
      refreshWorkspace: () => {
        checkpoints.forget();
        files.refresh();
      },
      openSample: row => openSample(parseOptions(OpenSampleOptionsSchema, row)),
      revealFile: row => vscode.commands.executeCommand('revealInExplorer', vscode.Uri.file(pathOf(row))),
      copyPath: row => vscode.env.clipboard.writeText(pathOf(row)),
      refreshRuns: () => history.refresh(),
      refreshExperts: () => experts.refresh(),
      sortExpertsByRatio: () => experts.show({ order: 'ratio' }),
      sortExpertsByChange: () => experts.show({ order: 'change' }),
      showContextFaithfulOnly: () => experts.show({ contextFaithfulOnly: true }),
      showAllExperts: () => experts.show({ contextFaithfulOnly: false }),
    };
  }
}

function pathOf(row: unknown): string {
  const parsed = v.safeParse(PathSchema, row);
  if (!parsed.success) throw new Error(t('This command belongs to a row of a view.'));
  return parsed.output.path;
}
