/** @file Hovers on the tokens of traced documents. */
import * as vscode from 'vscode';

import { hoverMarkdown, staleMarkdown } from './hover-text';
import type { TraceStore } from './trace-store';

export class TokenHover implements vscode.HoverProvider {
  constructor(private readonly store: TraceStore) {}

  provideHover(document: vscode.TextDocument, position: vscode.Position): vscode.Hover | undefined {
    const trace = this.store.ofDocument(document);
    const token = trace?.tokenAt(document.offsetAt(position));
    const span = token === undefined ? undefined : trace?.spanOf(token);
    if (!trace || token === undefined || !span) return undefined;
    const text = trace.isUnchangedAt(span) ? hoverMarkdown(trace.view, token, trace.stale) : staleMarkdown;
    const range = new vscode.Range(document.positionAt(span.start), document.positionAt(span.end));
    return new vscode.Hover(untrusted(text), range);
  }
}

/** No commands, no HTML: part of the text comes from models and documents. */
function untrusted(text: string): vscode.MarkdownString {
  const markdown = new vscode.MarkdownString(text);
  markdown.isTrusted = false;
  markdown.supportHtml = false;
  return markdown;
}
