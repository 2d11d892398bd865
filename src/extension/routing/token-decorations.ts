/** @file Colours the tokens of traced documents by their share of routing to context-faithful experts. */
import * as vscode from 'vscode';

import { configurationSection, pointedTokenColor, settings, shareColors } from '../manifest';
import { settingReader } from '../workspace/workspace';
import type { DocumentTrace, Span } from './document-trace';
import { shareLevel } from './share-level';
import { meanShare } from './token-facts';
import type { TraceStore } from './trace-store';

export class TokenDecorations implements vscode.Disposable {
  private readonly levels = shareColors.map(color =>
    vscode.window.createTextEditorDecorationType({ backgroundColor: new vscode.ThemeColor(color) }),
  );
  private readonly pointed = vscode.window.createTextEditorDecorationType({
    border: '1px solid',
    borderColor: new vscode.ThemeColor(pointedTokenColor),
  });
  private readonly subscriptions: vscode.Disposable[];

  constructor(private readonly store: TraceStore) {
    const paintAll = (): void => this.paint(vscode.window.visibleTextEditors);
    this.subscriptions = [
      store.onDidChange(paintAll),
      vscode.window.onDidChangeVisibleTextEditors(paintAll),
      vscode.workspace.onDidChangeConfiguration(change => {
        if (change.affectsConfiguration(`${configurationSection}.${settings.decorations}`)) paintAll();
      }),
    ];
    paintAll();
  }

  /** Outlines a token of the latest trace wherever its document is visible. */
  point(token: number | null): void {
    const document = this.store.latest?.document;
    const span = token === null || !document || document.stale ? undefined : document.spanOf(token);
    for (const editor of vscode.window.visibleTextEditors)
      if (document && editor.document.uri.toString() === document.traced.uri)
        editor.setDecorations(this.pointed, span ? [rangeOf(editor.document, span)] : []);
  }

  dispose(): void {
    for (const disposable of [...this.levels, this.pointed, ...this.subscriptions]) disposable.dispose();
  }

  private paint(editors: readonly vscode.TextEditor[]): void {
    const enabled = settingReader()(settings.decorations) !== false;
    for (const editor of editors) {
      const trace = this.store.ofDocument(editor.document);
      const ranges = enabled && trace && !trace.stale ? rangesByLevel(trace, editor.document) : [];
      this.levels.forEach((type, level) => editor.setDecorations(type, ranges[level] ?? []));
    }
  }
}

function rangesByLevel(trace: DocumentTrace, document: vscode.TextDocument): vscode.Range[][] {
  const ranges: vscode.Range[][] = shareColors.map(() => []);
  trace.view.tokens.forEach((_, position) => {
    const span = trace.spanOf(position);
    const share = meanShare(trace.view, position);
    const level = share === undefined ? undefined : shareLevel(share, shareColors.length);
    if (span && level !== undefined) ranges[level].push(rangeOf(document, span));
  });
  return ranges;
}

function rangeOf(document: vscode.TextDocument, { start, end }: Span): vscode.Range {
  return new vscode.Range(document.positionAt(start), document.positionAt(end));
}
