/** @file The trees of the side bar and the commands on their rows. */
import { t } from '@vscode/l10n';
import * as v from 'valibot';
import * as vscode from 'vscode';

import { isHeld } from '../common/run-lock';
import { type CommandRegistry, parseOptions } from './command-registry';
import { DatasetsView } from './datasets/datasets-view';
import { openSample, OpenSampleOptionsSchema } from './datasets/open-sample';
import type { Engine } from './engine/engine';
import { ExpertsView } from './experts/experts-view';
import type { LazyPart } from './lazy-part';
import { commands } from './manifest';
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

export class Sidebar implements vscode.Disposable {
  readonly history: RunHistory;
  readonly masks: MaskStore;
  readonly models: ModelsView;
  readonly datasets: DatasetsView;
  readonly experts: ExpertsView;
  readonly runs: RunsView;

  constructor(private readonly parts: SidebarParts) {
    const { context, engine, selection, files, checkpoints, log } = parts;
    const warn = (line: string): void => log.warn(line);
    this.history = new RunHistory(warn, isHeld);
    this.masks = new MaskStore(context.workspaceState, warn);
    this.models = new ModelsView(files, checkpoints, engine, selection);
    this.datasets = new DatasetsView(files, selection);
    this.experts = new ExpertsView(this.history, this.masks, context.workspaceState, log);
    this.runs = new RunsView(this.history);
  }

  dispose(): void {
    const { models, datasets, experts, runs, masks, history } = this;
    for (const part of [models, datasets, experts, runs, masks, history]) part.dispose();
  }

  registerWith(registry: CommandRegistry): void {
    const { experts, history } = this;
    const { files, checkpoints, pickers } = this.parts;
    registry.register(commands.selectModel, async (row: unknown) =>
      (await pickers.get()).pickModel(parseOptions(v.object({ model: v.optional(v.string()) }), row).model),
    );
    registry.register(commands.selectDataset, async (row: unknown) =>
      (await pickers.get()).pickDataset(parseOptions(v.object({ train: v.optional(v.string()) }), row).train),
    );
    registry.register(commands.refreshWorkspace, () => {
      checkpoints.forget();
      files.refresh();
    });
    registry.register(commands.openSample, (row: unknown) =>
      openSample(parseOptions(OpenSampleOptionsSchema, row)),
    );
    registry.register(commands.revealFile, (row: unknown) =>
      vscode.commands.executeCommand('revealInExplorer', vscode.Uri.file(pathOf(row))),
    );
    registry.register(commands.copyPath, (row: unknown) => vscode.env.clipboard.writeText(pathOf(row)));
    registry.register(commands.refreshRuns, () => history.refresh());
    registry.register(commands.refreshExperts, () => experts.refresh());
    registry.register(commands.sortExpertsByRatio, () => experts.show({ order: 'ratio' }));
    registry.register(commands.sortExpertsByChange, () => experts.show({ order: 'change' }));
    registry.register(commands.showContextFaithfulOnly, () => experts.show({ contextFaithfulOnly: true }));
    registry.register(commands.showAllExperts, () => experts.show({ contextFaithfulOnly: false }));
  }
}

function pathOf(row: unknown): string {
  const parsed = v.safeParse(PathSchema, row);
  if (!parsed.success) throw new Error(t('This command belongs to a row of a view.'));
  return parsed.output.path;
}
