/**
 * @file The parts whose code is loaded when they are first used, and what uses them: commands, panels that are restored,
 * the CEFT view. The window starts without them.
 */
import * as vscode from 'vscode';

import type { Ceft } from './ceft/ceft';
import type { CeftCommand } from './ceft/ceft-commands';
import { type CommandGroup, loadedWhenRun, parseOptions } from './command-group';
import type { Engine } from './engine/engine';
import { showFailure } from './failure';
import type { IdentifyCommand } from './identify-command';
import { LazyPart } from './lazy-part';
import { panels, views } from './manifest';
import type { MaskCommand, MaskCommands } from './masks/mask-commands';
import type { Routing, RoutingCommand } from './routing/routing';
import type { TokenDecorations } from './routing/token-decorations';
import type { TraceStore } from './routing/trace-store';
import type { RunPanelCommand, RunPanels } from './run-panels';
import type { RunCommand, RunCommands } from './runs/run-commands';
import type { Sidebar } from './sidebar';
import type { Pickers } from './workspace/pickers';
import type { Selection } from './workspace/selection';
import type { WorkspaceFiles } from './workspace/workspace-files';

/** What is there from the start. */
export interface Core {
  context: vscode.ExtensionContext;
  log: vscode.LogOutputChannel;
  engine: Engine;
  selection: Selection;
  files: WorkspaceFiles;
  pickers: LazyPart<Pickers>;
  sidebar: Sidebar;
  traces: TraceStore;
  decorations: TokenDecorations;
}

type OnDemandCommand = 'identify' | RoutingCommand | CeftCommand | MaskCommand | RunCommand | RunPanelCommand;

export class OnDemand implements vscode.Disposable {
  readonly ceft: LazyPart<Ceft>;
  readonly identify: LazyPart<IdentifyCommand>;
  readonly commands: CommandGroup<OnDemandCommand>;
  private readonly masking: LazyPart<MaskCommands>;
  private readonly routing: LazyPart<Routing>;
  private readonly runCommands: LazyPart<RunCommands>;
  private readonly runPanels: LazyPart<RunPanels>;
  private readonly subscriptions: vscode.Disposable[];

  constructor({ sidebar, ...core }: Core) {
    const { context, engine, log } = core;
    const { history, experts, masks, runs } = sidebar;
    const { extensionUri } = context;
    const pickers = (): Promise<Pickers> => core.pickers.get();
    this.ceft = new LazyPart(async () => {
      const { Ceft } = await import('./ceft/ceft');
      return new Ceft({ ...core, history });
    });
    this.identify = new LazyPart(async () => {
      const { IdentifyCommand } = await import('./identify-command');
      return new IdentifyCommand(engine, await pickers(), log, () => experts.choose(undefined));
    });
    this.masking = new LazyPart(async () => {
      const { MaskCommands } = await import('./masks/mask-commands');
      return new MaskCommands(masks, experts);
    });
    this.routing = new LazyPart(async () => {
      const { Routing } = await import('./routing/routing');
      return new Routing({ ...core, pickers: await pickers(), experts, masks });
    });
    this.runCommands = new LazyPart(async () => {
      const { RunCommands } = await import('./runs/run-commands');
      return new RunCommands({
        ...core,
        pickers: await pickers(),
        extensionUri,
        history,
        runs,
        experts,
        masks,
      });
    });
    this.runPanels = new LazyPart(async () => {
      const [{ RunPanels }, { training }] = await Promise.all([import('./run-panels'), this.ceft.get()]);
      return new RunPanels({ ...core, pickers: await pickers(), extensionUri, history, training });
    });
    this.commands = this.commandsOfParts();
    this.subscriptions = [...this.panelsAndView(), this.checkboxes(sidebar, log)];
  }

  dispose(): void {
    const { ceft, routing, runPanels, subscriptions } = this;
    for (const part of [ceft, routing, runPanels, ...subscriptions]) part.dispose();
  }

  private commandsOfParts(): CommandGroup<OnDemandCommand> {
    return {
      ...loadedWhenRun(
        ['tracePrompt', 'traceSample', 'compareBaseTuned', 'openRouting'],
        async () => (await this.routing.get()).commands,
      ),
      ...loadedWhenRun(
        ['runCeft', 'stopTraining', 'resumeRun'],
        async () => (await this.ceft.get()).actions.commands,
      ),
      ...loadedWhenRun(
        ['maskExpert', 'unmaskExpert', 'clearMasks', 'saveMask', 'chooseMask'],
        async () => (await this.masking.get()).commands,
      ),
      ...loadedWhenRun(
        [
          'openRun',
          'openReport',
          'openExperts',
          'revealRun',
          'exportRun',
          'evaluate',
          'deleteRun',
          'deleteSelectedRuns',
        ],
        async () => (await this.runCommands.get()).commands,
      ),
      ...loadedWhenRun(
        ['openTraining', 'compareRuns', 'openAnalysis', 'analyze'],
        async () => (await this.runPanels.get()).commands,
      ),
      identify: async options => {
        const { IdentifyOptionsSchema } = await import('./identify-command');
        return (await this.identify.get()).run(parseOptions(IdentifyOptionsSchema, options));
      },
    };
  }

  private panelsAndView(): vscode.Disposable[] {
    const { registerWebviewPanelSerializer, registerWebviewViewProvider } = vscode.window;
    const restoring = (
      kind: keyof typeof panels & ('training' | 'comparison' | 'analysis'),
    ): vscode.Disposable =>
      registerWebviewPanelSerializer(panels[kind], {
        deserializeWebviewPanel: async (panel, state) =>
          (await this.runPanels.get())[kind].deserializeWebviewPanel(panel, state),
      });
    return [
      ...(['training', 'comparison', 'analysis'] as const).map(restoring),
      registerWebviewPanelSerializer(panels.routing, {
        deserializeWebviewPanel: async panel =>
          (await this.routing.get()).panel.deserializeWebviewPanel(panel),
      }),
      registerWebviewViewProvider(views.ceft, {
        resolveWebviewView: async view => (await this.ceft.get()).view.resolveWebviewView(view),
      }),
    ];
  }

  /** A checked expert is masked. */
  private checkboxes({ experts }: Sidebar, log: vscode.LogOutputChannel): vscode.Disposable {
    return experts.onDidChangeMasks(async ({ layer, experts: changed, masked }) => {
      try {
        await (await this.masking.get()).mask(layer, changed, masked);
      } catch (error) {
        showFailure(error, log);
        experts.redraw(); // the checkbox shows what is, not what was asked for
      }
    });
  }
}
