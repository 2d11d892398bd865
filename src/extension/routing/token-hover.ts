/** @file Hovers on the tokens of traced documents. */
import * as vscode from 'vscode';

import type { TraceStore } from './trace-store';

export class TokenHover implements vscode.HoverProvider {
  constructor(private readonly store: Pick<TraceStore, 'ofDocument'>) {}

  async provideHover(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): Promise<vscode.Hover | undefined> {
    const trace = this.store.ofDocument(document);
    if (!trace) return undefined;
    const { hoverMarkdown, staleMarkdown } = await import('./hover-text'); // most windows trace nothing
    const offset = document.offsetAt(position);
    const token = trace.tokenAt(offset);
    if (token === undefined)
      return trace.isEditedAt(offset) ? new vscode.Hover(untrusted(staleMarkdown)) : undefined;
    const span = trace.spanOf(token);
    const range = span && new vscode.Range(document.positionAt(span.start), document.positionAt(span.end));
    return new vscode.Hover(untrusted(hoverMarkdown(trace.view, token, trace.stale)), range);
  }
}

/** No commands, no HTML: part of the text comes from models and documents. */
function untrusted(text: string): vscode.MarkdownString {
  const markdown = new vscode.MarkdownString(text);
  markdown.isTrusted = false;
  markdown.supportHtml = false;
  return markdown;
}
