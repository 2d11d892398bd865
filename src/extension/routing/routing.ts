/** @file Tracing: the Routing panel, what it asks the engine, and the commands that trace. */
import { t } from '@vscode/l10n';
import type * as vscode from 'vscode';

import { InputError } from '../../common/errors';
import { type CommandGroup, parseOptions } from '../command-group';
import type { Engine } from '../engine/engine';
import type { Pickers } from '../workspace/pickers';
import type { Selection } from '../workspace/selection';
import { KeptChoices } from './kept-choices';
import { connectPanelAndEditor } from './panel-and-editor';
import { type MaskSource, PanelQuestions } from './panel-questions';
import { RoutingPanel } from './routing-panel';
import type { RunSource } from './run-of-model';
import type { TokenDecorations } from './token-decorations';
import { TraceCommand, TraceOptionsSchema } from './trace-command';
import type { TraceStore } from './trace-store';

export type RoutingCommand = 'tracePrompt' | 'traceSample' | 'compareBaseTuned' | 'openRouting';

export interface RoutingParts {
  context: vscode.ExtensionContext;
  log: vscode.LogOutputChannel;
  engine: Engine;
  pickers: Pickers;
  selection: Selection;
  experts: RunSource;
  masks: MaskSource;
  traces: TraceStore;
  decorations: TokenDecorations;
}

export class Routing implements vscode.Disposable {
  readonly panel: RoutingPanel;
  readonly commands: CommandGroup<RoutingCommand>;
  private readonly parts: vscode.Disposable[];

  constructor({
    context,
    log,
    engine,
    pickers,
    selection,
    experts,
    masks,
    traces,
    decorations,
  }: RoutingParts) {
    const choices = new KeptChoices(context.storageUri?.fsPath);
    this.panel = new RoutingPanel(context.extensionUri, choices, traces, masks, log);
    const trace = new TraceCommand(engine, pickers, selection, experts, traces, this.panel, masks);
    this.parts = [
      choices,
      this.panel,
      connectPanelAndEditor(this.panel, traces, decorations),
      new PanelQuestions(this.panel, traces, engine, { pickers, selection }, masks),
    ];
    this.commands = {
      tracePrompt: options => trace.tracePrompt(parseOptions(TraceOptionsSchema, options)),
      traceSample: options => trace.traceSample(parseOptions(TraceOptionsSchema, options)),
      compareBaseTuned: options => trace.compareBaseTuned(parseOptions(TraceOptionsSchema, options)),
      openRouting: async () => {
        await traces.restore();
        if (!traces.latest)
          throw new InputError(
            t('There is no trace yet: open a prompt and run “Trace Routing of This Prompt”.'),
          );
        this.panel.open();
      },
    };
  }

  dispose(): void {
    for (const part of this.parts) part.dispose();
  }
}
