/** @file Trace Routing: of the active editor's text or selection, or of a sample. */
import { t } from '@vscode/l10n';
import * as v from 'valibot';
import * as vscode from 'vscode';

import { InputError } from '../../common/errors';
import type { TraceRequestInput } from '../../protocol/jobs';
import type { RoutingView } from '../../protocol/routing-view';
import type { Engine } from '../engine/engine';
import { withJobProgress } from '../job-progress';
import { readTraceSettings } from '../settings';
import type { Pickers } from '../workspace/pickers';
import type { Selection } from '../workspace/selection';
import { requireTrust, settingReader } from '../workspace/workspace';
import type { TracedText } from './document-trace';
import type { MaskSource } from './panel-questions';
import type { RoutingPanel } from './routing-panel';
import { runOfModel, type RunSource } from './run-of-model';
import type { TraceStore } from './trace-store';

/** What the commands take from keybindings and other extensions. */
export const TraceOptionsSchema = v.object({
  model: v.optional(v.string()),
  /** A run folder; default: the newest finished run of the model. */
  run: v.optional(v.string()),
  /** Tokens that the prompt is continued by at most; default: the setting. */
  maxNewTokens: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  sample: v.optional(v.object({ file: v.string(), index: v.pipe(v.number(), v.integer(), v.minValue(0)) })),
});
export type TraceOptions = v.InferOutput<typeof TraceOptionsSchema>;

export class TraceCommand {
  constructor(
    private readonly engine: Engine,
    private readonly pickers: Pickers,
    private readonly selection: Selection,
    private readonly runs: RunSource,
    private readonly store: TraceStore,
    private readonly panel: RoutingPanel,
    private readonly masks: MaskSource,
  ) {}

  /** The selection or the whole text of the active editor; without an editor, a sample. */
  async tracePrompt(options: TraceOptions): Promise<RoutingView | undefined> {
    const editor = vscode.window.activeTextEditor;
    if (options.sample || !editor) return this.traceSample(options);
    requireTrust();
    const traced = tracedText(editor);
    const text = traced.documentText.slice(traced.start, traced.end);
    if (text.trim() === '')
      throw new InputError(t('The document is empty: write or select the prompt to trace.'));
    return this.trace({ kind: 'text', text }, options, traced);
  }

  async traceSample(options: TraceOptions): Promise<RoutingView | undefined> {
    requireTrust();
    const sample = options.sample ?? (await this.pickers.pickSample());
    return sample && this.trace({ kind: 'sample', ...sample }, options);
  }

  /** Traces like {@link tracePrompt} and shows the difference of base and tuned. @throws InputError without a run */
  async compareBaseTuned(options: TraceOptions): Promise<RoutingView | undefined> {
    const model = options.model ?? (await this.model());
    if (model === undefined) return undefined;
    if (options.run === undefined && !runOfModel(this.runs, model))
      throw new InputError(
        t(
          'There is no run of this checkpoint to compare with: run “Identify Context-Faithful Experts” first.',
        ),
      );
    const view = await this.tracePrompt({ ...options, model });
    if (view) this.panel.compare();
    return view;
  }

  private async trace(
    source: TraceRequestInput['source'],
    options: TraceOptions,
    traced?: TracedText,
  ): Promise<RoutingView | undefined> {
    const model = options.model ?? (await this.model());
    if (model === undefined) return undefined;
    const active = this.masks.activeFor(model);
    const request: TraceRequestInput = {
      ...{ model, source },
      run: options.run ?? runOfModel(this.runs, model)?.folder,
      ...(active && { mask: active }),
      ...readTraceSettings(settingReader()),
      ...(options.maxNewTokens === undefined ? {} : { max_new_tokens: options.maxNewTokens }),
    };
    return this.panel.during(t('Tracing the prompt…'), async () => {
      const view = await withJobProgress(t('Tracing routing'), hooks =>
        this.engine.request('traceRouting', request, hooks),
      );
      this.store.add(view, request, traced);
      return view;
    });
  }

  /** The chosen checkpoint, else that of the shown run, else the user is asked. */
  private async model(): Promise<string | undefined> {
    return (
      this.selection.model ?? this.runs.current?.run.record.model.path ?? (await this.pickers.pickModel())
    );
  }
}

function tracedText({ document, selection }: vscode.TextEditor): TracedText {
  const documentText = document.getText();
  const uri = document.uri.toString();
  if (!selection.isEmpty) {
    const [start, end] = [document.offsetAt(selection.start), document.offsetAt(selection.end)];
    return { uri, documentText, start, end };
  }
  // The final line break belongs to the file, not to the prompt.
  return { uri, documentText, start: 0, end: documentText.replace(/[\r\n]+$/, '').length };
}
