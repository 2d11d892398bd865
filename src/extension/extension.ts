/** @file Puts the extension together. */
import './localisation';

import path from 'node:path';

import * as vscode from 'vscode';

import { messageOf } from '../common/errors';
import { activationText, type ActivationTime, since } from './activation-time';
import type { CeftView } from './ceft/ceft-view';
import { type CommandArguments, type CommandGroup, runCommand } from './command-group';
import { Engine } from './engine/engine';
import { offerAfterCrash } from './failure';
import { LazyPart } from './lazy-part';
import { type CommandName, productName } from './manifest';
import { Checkpoints } from './models/checkpoints';
import { OnDemand } from './on-demand';
import { registerInEditor } from './routing/in-editor';
import { TokenDecorations } from './routing/token-decorations';
import { TraceStore } from './routing/trace-store';
import { settingOr } from './settings';
import { checkSettings } from './settings-check';
import { Sidebar } from './sidebar';
import { StatusBar } from './status-bar';
import { registerTools } from './tools/register-tools';
import { Selection } from './workspace/selection';
import { settingReader } from './workspace/workspace';
import { WorkspaceFiles } from './workspace/workspace-files';

/** How long the start took, and when what follows it began. */
export interface StartTimes {
  activation: ActivationTime;
  restBegun: ActivationTime;
}

export class RouterLens {
  /** What the views show, and the masked sets. */
  readonly sidebar: Sidebar;
  private readonly log = vscode.window.createOutputChannel(productName, { log: true });
  private readonly engine: Engine;
  private readonly onDemand: OnDemand;
  private readonly commands: CommandGroup<CommandName>;

  constructor(context: vscode.ExtensionContext, times: StartTimes) {
    const { log } = this;
    const { extensionPath } = context;
    const engine = new Engine(
      path.join(extensionPath, 'dist', 'worker.js'),
      log,
      { onChange: () => statusBar.update(), onCrash: error => void offerAfterCrash(error) },
      () => settingOr(settingReader(), 'idleMinutes', 10),
    );
    const selection = new Selection(context.workspaceState);
    const statusBar = new StatusBar(engine, selection);
    const files = new WorkspaceFiles();
    const checkpoints = new Checkpoints(engine);
    const pickers = new LazyPart(async () => {
      const { Pickers } = await import('./workspace/pickers');
      return new Pickers(files, checkpoints, selection);
    });
    const sidebar = new Sidebar({ context, engine, selection, pickers, files, checkpoints, log });
    const traces = new TraceStore(context.storageUri?.fsPath);
    const decorations = new TokenDecorations(traces, context.extensionUri);
    const onDemand = new OnDemand({
      ...{ context, log, engine, selection, files, pickers, sidebar, traces, decorations },
    });
    context.subscriptions.push(
      log,
      ...[engine, statusBar, files, sidebar, traces, decorations, onDemand],
      checkSettings(),
      registerInEditor(traces),
      registerTools({ engine, selection, runs: sidebar.experts, identify: () => onDemand.identify.get() }),
    );
    this.sidebar = sidebar;
    this.engine = engine;
    this.onDemand = onDemand;
    this.commands = {
      ...onDemand.commands,
      ...sidebar.commands,
      openDemo: async () => {
        const { openDemo } = await import('./demo');
        await openDemo(path.join(extensionPath, 'demo'));
      },
      restartEngine: () => engine.restart(),
      showLog: () => log.show(),
    };

    // Coming back after a reload: hovers and panel show what was traced before.
    void traces.restore().catch((error: unknown) => log.warn(`Last trace: ${messageOf(error)}`));
    const rest = activationText(since(times.restBegun));
    log.info(`Active after ${activationText(times.activation)}; the rest took ${rest}.`);
  }

  /** Process id of the engine while it runs. */
  get enginePid(): number | undefined {
    return this.engine.pid;
  }

  /** Runs a command. @throws why it failed, if it was given options; else that is shown only */
  run(name: CommandName, given: CommandArguments): Promise<unknown> {
    return runCommand(this.commands[name], given, this.log);
  }

  async ceft(): Promise<CeftView> {
    return (await this.onDemand.ceft.get()).view;
  }
}
