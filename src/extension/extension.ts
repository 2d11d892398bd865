/** @file Puts the extension together. */
import './localisation';

import path from 'node:path';

import * as vscode from 'vscode';

import { messageOf } from '../common/errors';
import { activationText, type ActivationTime, since } from './activation-time';
import type { CeftView } from './ceft/ceft-view';
import { CommandRegistry } from './command-registry';
import { Engine } from './engine/engine';
import type { ExpertsView } from './experts/experts-view';
import { offerAfterCrash } from './failure';
import { LazyPart } from './lazy-part';
import { commands, productName } from './manifest';
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

/** What `activate` returns, for tests and other extensions. */
export interface RouterLensApi {
  /** Process id of the engine while it runs. */
  enginePid(): number | undefined;
  /** From the begin of loading the code to being active. */
  readonly activationTime: ActivationTime;
  /** What the Experts view shows. */
  readonly experts: Pick<ExpertsView, 'getChildren' | 'getTreeItem' | 'current'>;
  /** What the other views show, and the masked sets. */
  readonly sidebar: Pick<Sidebar, 'models' | 'datasets' | 'runs' | 'masks'>;
  /** What the CEFT view shows. */
  ceft(): Promise<Pick<CeftView, 'form' | 'estimated' | 'change' | 'act'>>;
}

/** @param begun when the code began to load */
export function activate(context: vscode.ExtensionContext, begun: ActivationTime): RouterLensApi {
  const log = vscode.window.createOutputChannel(productName, { log: true });
  const worker = path.join(context.extensionPath, 'dist', 'worker.js');
  const engine = new Engine(
    worker,
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
  const { experts } = sidebar;
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
    registerTools({ engine, selection, runs: experts, identify: () => onDemand.identify.get() }),
  );

  // Coming back after a reload: hovers and panel show what was traced before.
  void traces.restore().catch((error: unknown) => log.warn(`Last trace: ${messageOf(error)}`));

  const registry = new CommandRegistry(log);
  context.subscriptions.push(registry);
  onDemand.registerWith(registry);
  sidebar.registerWith(registry);
  registry.register(commands.openDemo, async () => {
    const { openDemo } = await import('./demo');
    await openDemo(path.join(context.extensionPath, 'demo'));
  });
  registry.register(commands.restartEngine, () => engine.restart());
  registry.register(commands.showLog, () => log.show());

  const activationTime = since(begun);
  log.info(`Active after ${activationText(activationTime)}.`);
  const ceft = async (): Promise<CeftView> => (await onDemand.ceft.get()).view;
  return { enginePid: () => engine.pid, activationTime, experts, sidebar, ceft };
}
