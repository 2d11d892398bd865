/** @file Keeps the Routing panel and the editor of the traced document in step. */
import * as vscode from 'vscode';

import { saveFile } from '../save-file';
import type { RoutingPanel } from './routing-panel';
import type { TokenDecorations } from './token-decorations';
import type { TraceStore } from './trace-store';

/**
 * The token under the cursor is selected in the panel, and pinned there by a click; the ones under the panel's pointer
 * and pinned in it are outlined in the editor.
 */
export function connectPanelAndEditor(
  panel: RoutingPanel,
  traces: TraceStore,
  decorations: TokenDecorations,
): vscode.Disposable {
  let selected: number | null = null;
  return vscode.Disposable.from(
    vscode.window.onDidChangeTextEditorSelection(({ textEditor: { document, selection }, kind }) => {
      const trace = traces.latest?.document;
      if (!trace || trace !== traces.ofDocument(document)) return;
      const token = trace.tokenAt(document.offsetAt(selection.active)) ?? null;
      if (token !== selected) panel.selectToken(token);
      selected = token;
      const isClick = kind === vscode.TextEditorSelectionChangeKind.Mouse && selection.isEmpty;
      if (isClick && token !== null) panel.togglePin(token);
    }),
    panel.onDidReceiveMessage(message => {
      if (message.type === 'hover-token') decorations.point(message.token);
      if (message.type === 'pin-token') decorations.pin(message.token);
      if (message.type === 'reveal-token') void revealToken(traces, message.token);
      if (message.type === 'save-file') void saveFile(message);
    }),
  );
}
/** Selects the token in the editor, which is opened if need be. Tokens of the template have no place there. */
async function revealToken(traces: TraceStore, token: number): Promise<void> {
  const trace = traces.latest?.document;
  const span = trace?.spanOf(token);
  if (!trace || !span) return;
  const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(trace.traced.uri, true));
  const range = new vscode.Range(document.positionAt(span.start), document.positionAt(span.end));
  await vscode.window.showTextDocument(document, { selection: range, viewColumn: columnOf(document) });
}

/** Where the document is open already; else the first column: the panel is in another one. */
function columnOf(document: vscode.TextDocument): vscode.ViewColumn {
  const editor = vscode.window.visibleTextEditors.find(e => e.document === document);
  return editor?.viewColumn ?? vscode.ViewColumn.One;
}
