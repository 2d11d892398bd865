/** @file Puts the extension together. */
import './activation-time'; // first: it looks at the clock
import './localisation';

import path from 'node:path';

import { t } from '@vscode/l10n';
import * as vscode from 'vscode';

import { InputError, messageOf } from '../common/errors';
import { activationText, type ActivationTime, sinceLoad } from './activation-time';
import { CommandRegistry, parseOptions } from './command-registry';
import { openDemo } from './demo';
import { Engine } from './engine/engine';
import type { ExpertsView } from './experts/experts-view';
import { offerAfterCrash } from './failure';
import { IdentifyCommand, IdentifyOptionsSchema } from './identify-command';
import { commands, productName } from './manifest';
import { Checkpoints } from './models/checkpoints';
import { registerInEditor } from './routing/in-editor';
import { KeptChoices } from './routing/kept-choices';
import { connectPanelAndEditor } from './routing/panel-and-editor';
import { PanelQuestions } from './routing/panel-questions';
import { RoutingPanel } from './routing/routing-panel';
import { TokenDecorations } from './routing/token-decorations';
import { TraceCommand, TraceOptionsSchema } from './routing/trace-command';
import { TraceStore } from './routing/trace-store';
import { registerRunPanels } from './run-panels';
import { settingOr } from './settings';
import { checkSettings } from './settings-check';
import { Sidebar } from './sidebar';
import { StatusBar } from './status-bar';
import { registerLanguageModelTools } from './tools/language-model-tools';
import { Pickers } from './workspace/pickers';
import { Selection } from './workspace/selection';
import { settingReader } from './workspace/workspace';
import { WorkspaceFiles } from './workspace/workspace-files';

/** What `activate` returns, for tests and other extensions. */
export interface RouterLensApi {
  /** Process id of the engine while it runs. */
  enginePid(): number | undefined;
  /** From loading the code to being active. */
  readonly activationTime: ActivationTime;
  /** What the Experts view shows. */
  readonly experts: Pick<ExpertsView, 'getChildren' | 'getTreeItem' | 'current'>;
  /** What the other views show, and the masked sets. */
  readonly sidebar: Pick<Sidebar, 'models' | 'datasets' | 'ceft' | 'runs' | 'masks'>;
}

export function activate(context: vscode.ExtensionContext): RouterLensApi {
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
  const pickers = new Pickers(files, checkpoints, selection);
  const sidebar = new Sidebar({ context, engine, selection, pickers, files, checkpoints, log });
  const { experts, masks } = sidebar;
  const identify = new IdentifyCommand(engine, pickers, log, () => experts.choose(undefined));
  const traces = new TraceStore(context.storageUri?.fsPath);
  const choices = new KeptChoices(context.storageUri?.fsPath);
  const panel = new RoutingPanel(context.extensionUri, choices, traces, masks, log);
  const decorations = new TokenDecorations(traces, context.extensionUri);
  const trace = new TraceCommand(engine, pickers, selection, experts, traces, panel, masks);

  context.subscriptions.push(
    log,
    ...[engine, statusBar, files, sidebar, traces, choices, panel, decorations],
    connectPanelAndEditor(panel, traces, decorations),
    new PanelQuestions(panel, traces, engine, { pickers, selection }, masks),
    checkSettings(),
    registerInEditor(traces),
    registerLanguageModelTools({ engine, identify, selection, runs: experts }),
  );

  // Coming back after a reload: hovers and panel show what was traced before.
  void traces.restore().catch((error: unknown) => log.warn(`Last trace: ${messageOf(error)}`));

  const registry = new CommandRegistry(log);
  context.subscriptions.push(
    registry,
    registerRunPanels({
      extensionUri: context.extensionUri,
      log,
      registry,
      engine,
      pickers,
      history: sidebar.history,
      training: sidebar.training,
    }),
  );
  registry.register(commands.identify, options => identify.run(parseOptions(IdentifyOptionsSchema, options)));
  registry.register(commands.tracePrompt, options =>
    trace.tracePrompt(parseOptions(TraceOptionsSchema, options)),
  );
  registry.register(commands.traceSample, options =>
    trace.traceSample(parseOptions(TraceOptionsSchema, options)),
  );
  registry.register(commands.compareBaseTuned, options =>
    trace.compareBaseTuned(parseOptions(TraceOptionsSchema, options)),
  );
  registry.register(commands.openRouting, async () => {
    await traces.restore();
    if (traces.latest) panel.open();
    else
      throw new InputError(t('There is no trace yet: open a prompt and run “Trace Routing of This Prompt”.'));
  });
  sidebar.registerWith(registry);
  registry.register(commands.openDemo, () => openDemo(path.join(context.extensionPath, 'demo')));
  registry.register(commands.restartEngine, () => engine.restart());
  registry.register(commands.showLog, () => log.show());

  const activationTime = sinceLoad();
  log.info(`Active after ${activationText(activationTime)}.`);
  return { enginePid: () => engine.pid, activationTime, experts, sidebar };
}
