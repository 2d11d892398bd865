/** @file The views of the side bar and their commands. */
import { t } from '@vscode/l10n';
import * as v from 'valibot';
import * as vscode from 'vscode';

import { isHeld } from '../common/run-lock';
import { CeftCommands } from './ceft/ceft-commands';
import { CeftView } from './ceft/ceft-view';
import { Training } from './ceft/training';
import { type CommandRegistry, parseOptions } from './command-registry';
import { DatasetsView } from './datasets/datasets-view';
import { openSample, OpenSampleOptionsSchema } from './datasets/open-sample';
import type { Engine } from './engine/engine';
import { ExpertsView } from './experts/experts-view';
import { showFailure } from './failure';
import { commands } from './manifest';
import { MaskCommands } from './masks/mask-commands';
import { MaskStore } from './masks/mask-store';
import type { Checkpoints } from './models/checkpoints';
import { ModelsView } from './models/models-view';
import { EvaluateCommand, EvaluateOptionsSchema } from './runs/evaluate-command';
import { ExportCommand } from './runs/export-command';
import { RunCommands } from './runs/run-commands';
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
  pickers: Pickers;
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
  readonly ceft: CeftView;
  readonly training: Training;
  private readonly ceftCommands: CeftCommands;
  private readonly maskCommands: MaskCommands;

  constructor(private readonly parts: SidebarParts) {
    const { context, engine, selection, files, checkpoints, log } = parts;
    const warn = (line: string): void => log.warn(line);
    this.history = new RunHistory(warn, isHeld);
    this.masks = new MaskStore(context.workspaceState, warn);
    this.models = new ModelsView(files, checkpoints, engine, selection);
    this.datasets = new DatasetsView(files, selection);
    this.experts = new ExpertsView(this.history, this.masks, context.workspaceState, log);
    this.runs = new RunsView(this.history);
    this.training = new Training(engine);
    this.ceftCommands = new CeftCommands(this.training, this.history);
    this.ceft = new CeftView({
      ...{ context, engine, selection, files, log },
      ...{ history: this.history, training: this.training, ceft: this.ceftCommands },
    });
    this.maskCommands = new MaskCommands(this.masks, this.experts);
    this.experts.onDidChangeMasks(({ layer, experts: changed, masked }) => {
      this.maskCommands.mask(layer, changed, masked).catch((error: unknown) => {
        showFailure(error, log);
        this.experts.redraw(); // the checkbox shows what is, not what was asked for
      });
    });
  }

  registerWith(registry: CommandRegistry): void {
    this.maskCommands.registerWith(registry);
    this.ceftCommands.registerWith(registry);
    this.registerViewCommands(registry);
    this.registerRunCommands(registry);
  }

  dispose(): void {
    const { models, datasets, experts, ceft, runs, training, masks, history } = this;
    for (const part of [models, datasets, experts, ceft, runs, training, masks, history]) part.dispose();
  }

  private registerViewCommands(registry: CommandRegistry): void {
    const { experts } = this;
    const { files, checkpoints, pickers } = this.parts;
    registry.register(commands.selectModel, (row: unknown) =>
      pickers.pickModel(parseOptions(v.object({ model: v.optional(v.string()) }), row).model),
    );
    registry.register(commands.selectDataset, (row: unknown) =>
      pickers.pickDataset(parseOptions(v.object({ train: v.optional(v.string()) }), row).train),
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
    registry.register(commands.refreshExperts, () => experts.refresh());
    registry.register(commands.sortExpertsByRatio, () => experts.show({ order: 'ratio' }));
    registry.register(commands.sortExpertsByChange, () => experts.show({ order: 'change' }));
    registry.register(commands.showContextFaithfulOnly, () => experts.show({ contextFaithfulOnly: true }));
    registry.register(commands.showAllExperts, () => experts.show({ contextFaithfulOnly: false }));
  }

  private registerRunCommands(registry: CommandRegistry): void {
    const { context, engine, pickers, selection } = this.parts;
    const { history, experts, masks } = this;
    const exporting = new ExportCommand(engine);
    const runs = new RunCommands(history, this.runs, experts, exporting, context.extensionUri);
    runs.registerWith(registry);
    const evaluate = new EvaluateCommand(
      ...([engine, pickers, selection, masks] as const),
      () => history.runs(),
      folder => runs.open(folder),
    );
    registry.register(commands.evaluate, async (given: unknown) => {
      const answer = await evaluate.run(parseOptions(EvaluateOptionsSchema, given));
      history.refresh();
      return answer;
    });
  }
}

function pathOf(row: unknown): string {
  const parsed = v.safeParse(PathSchema, row);
  if (!parsed.success) throw new Error(t('This command belongs to a row of a view.'));
  return parsed.output.path;
}
