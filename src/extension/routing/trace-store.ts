/** @file The traces of this window: the latest one for the panel, one for each traced document for hovers and colours. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import * as vscode from 'vscode';

import { writeFileAtomically } from '../../common/atomic-file';
import type { TraceRequestInput } from '../../protocol/jobs';
import type { RoutingView } from '../../protocol/routing-view';
import { contextKeys } from '../manifest';
import { DocumentTrace, type TracedText } from './document-trace';

/** A traced prompt; `document` when it came from an editor. */
export interface Trace {
  view: RoutingView;
  /** What was asked of the engine, so that more can be asked about the same prompt. */
  request: TraceRequestInput;
  document?: DocumentTrace;
}

export class TraceStore implements vscode.Disposable {
  private latestTrace: Trace | undefined;
  private readonly byDocument = new Map<string, DocumentTrace>();
  private readonly changed = new vscode.EventEmitter<void>();
  /** There is another trace, or one became stale or fresh again. */
  readonly onDidChange = this.changed.event;
  private readonly subscription = vscode.workspace.onDidChangeTextDocument(({ document }) =>
    this.documentChanged(document),
  );

  /** @param folder where the latest trace is kept for the next start of the window; none: nowhere */
  constructor(private readonly folder: string | undefined) {}

  get latest(): Trace | undefined {
    return this.latestTrace;
  }

  ofDocument(document: vscode.TextDocument): DocumentTrace | undefined {
    return this.byDocument.get(document.uri.toString());
  }

  /** @param traced where the text came from, when it came from a document */
  add(view: RoutingView, request: TraceRequestInput, traced?: TracedText): void {
    this.show(view, request, traced);
    if (this.file !== undefined) writeFileAtomically(this.file, JSON.stringify({ view, request, traced }));
  }

  /** Reads what {@link add} kept before the window was reloaded. @throws when that cannot be read */
  async restore(): Promise<void> {
    if (this.file === undefined || this.latestTrace) return;
    const text = await readFile(this.file, 'utf8').catch(() => undefined); // nothing was kept
    if (text === undefined) return;
    const { parseStoredTrace } = await import('./stored-trace');
    if (this.latestTrace) return; // another one came meanwhile
    const { view, request, traced } = parseStoredTrace(text);
    this.show(view, request, traced);
  }

  dispose(): void {
    this.subscription.dispose();
    this.changed.dispose();
  }

  private get file(): string | undefined {
    return this.folder === undefined ? undefined : path.join(this.folder, 'latest-trace.json');
  }

  private show(view: RoutingView, request: TraceRequestInput, traced: TracedText | undefined): void {
    const document = traced && new DocumentTrace(view, traced);
    this.latestTrace = { view, request, document };
    if (document) {
      this.byDocument.set(document.traced.uri, document);
      const open = vscode.workspace.textDocuments.find(d => d.uri.toString() === document.traced.uri);
      if (open) document.update(open.getText());
    }
    void vscode.commands.executeCommand('setContext', contextKeys.hasTrace, true);
    this.changed.fire();
  }

  private documentChanged(document: vscode.TextDocument): void {
    if (this.ofDocument(document)?.update(document.getText())) this.changed.fire();
  }
}
