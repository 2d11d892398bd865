/** @file Answers what the Routing panel asks about the prompt that it shows: by requests to the engine. */
import path from 'node:path';

import { t } from '@vscode/l10n';
import * as vscode from 'vscode';

import { CancelledError, InputError, messageOf } from '../../common/errors';
import type { ExpertList } from '../../protocol/artifacts';
import type { JobHooks, TraceRequestInput } from '../../protocol/jobs';
import type { PanelAnswer, PanelQuestion } from '../../protocol/panel-messages';
import type { Engine } from '../engine/engine';
import { commands } from '../manifest';
import { progressText } from '../progress-text';
import type { Pickers } from '../workspace/pickers';
import type { Selection } from '../workspace/selection';
import { requireTrust } from '../workspace/workspace';
import { outcomeOf, planVariants } from './ablation-request';
import type { RoutingPanel } from './routing-panel';
import type { Trace, TraceStore } from './trace-store';

/** The named set of masked experts that is active in the window. */
export interface MaskSource {
  /** If it is for this checkpoint. */
  activeFor(model: string): { name: string; experts: ExpertList } | undefined;
  readonly onDidChange: vscode.Event<void>;
}

type Hooks = JobHooks & { signal: AbortSignal };

export class PanelQuestions implements vscode.Disposable {
  private readonly running = new Map<number, AbortController>();
  private examplesFile: string | undefined;
  private readonly subscription: vscode.Disposable;

  constructor(
    private readonly panel: RoutingPanel,
    private readonly traces: TraceStore,
    private readonly engine: Engine,
    private readonly dataset: { pickers: Pickers; selection: Selection },
    private readonly masks: MaskSource,
  ) {
    this.subscription = panel.onDidReceiveMessage(message => {
      if (message.type === 'ask') void this.answer(message.id, message.question);
      if (message.type === 'cancel') this.running.get(message.id)?.abort();
      if (message.type === 'trace-example') this.traceExample(message.sample);
    });
  }

  dispose(): void {
    this.subscription.dispose();
    for (const controller of this.running.values()) controller.abort();
  }

  private async answer(id: number, question: PanelQuestion): Promise<void> {
    const controller = new AbortController();
    this.running.set(id, controller);
    try {
      requireTrust();
      const { latest } = this.traces;
      if (!latest?.request)
        throw new InputError(t('It is not known what was traced: trace the prompt again.'));
      const hooks: Hooks = {
        signal: controller.signal,
        progress: progress => this.panel.send({ type: 'progress', id, text: progressText(progress) }),
      };
      const answer = await this.ask(question, latest, latest.request, hooks);
      this.panel.send({ type: 'answer', id, answer });
    } catch (error) {
      const text = error instanceof CancelledError ? '' : messageOf(error);
      this.panel.send({ type: 'failed', id, text });
    } finally {
      this.running.delete(id);
    }
  }

  private async ask(
    question: PanelQuestion,
    { view }: Trace,
    { model, run, source, engine, max_new_tokens }: TraceRequestInput,
    hooks: Hooks,
  ): Promise<PanelAnswer> {
    switch (question.kind) {
      case 'ablation': {
        const plan = planVariants(view, source, question, this.masks.activeFor(model)?.experts);
        const variants = plan.map(({ variant }) => variant);
        const result = await this.engine.request('ablate', { model, run, source, variants, engine }, hooks);
        return { kind: 'ablation', result: outcomeOf(plan, result) };
      }
      case 'attention-heads': {
        const { token } = question;
        const request = { model, run, source, token, max_new_tokens, engine };
        return {
          kind: 'attention-heads',
          result: await this.engine.request('attentionHeads', request, hooks),
        };
      }
      case 'expert-examples': {
        const data = await this.datasetFile(source);
        const { layer, expert } = question;
        const request = { model, run, data, layer, expert, engine };
        const result = await this.engine.request('expertExamples', request, hooks);
        this.examplesFile = data;
        return { kind: 'expert-examples', file: path.basename(data), result };
      }
    }
  }

  /** The file that the traced sample is of; else the chosen dataset's, what the model was not tuned on first. */
  private async datasetFile(source: TraceRequestInput['source']): Promise<string> {
    if (source.kind === 'sample') return source.file;
    const { pickers, selection } = this.dataset;
    const dataset = selection.dataset ?? (await pickers.pickDataset());
    if (!dataset) throw new CancelledError();
    return dataset.test ?? dataset.dev ?? dataset.train;
  }

  private traceExample(index: number): void {
    if (this.examplesFile === undefined) return;
    const sample = { file: this.examplesFile, index };
    void vscode.commands.executeCommand(commands.traceSample, { sample }).then(undefined, () => undefined);
  }
}
