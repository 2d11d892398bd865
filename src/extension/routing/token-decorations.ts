/** @file Colours the tokens of traced documents by their share of routing to context-faithful experts. */
import * as vscode from 'vscode';

import { faithfulShare } from '../../protocol/token-facts';
import { configurationSection, pointedTokenColor, settings, shareColors } from '../manifest';
import { settingOr } from '../settings';
import { settingReader } from '../workspace/workspace';
import type { DocumentTrace, Span } from './document-trace';
import { leastMarked, shareLevel } from './share-level';
import type { TraceStore } from './trace-store';

/** How tokens and lines are marked. Made when something was traced: most windows trace nothing. */
class DecorationTypes implements vscode.Disposable {
  readonly levels = shareColors.map(color => decoration({ backgroundColor: themed(color) }));
  readonly stale = decoration({
    borderStyle: 'dotted',
    borderWidth: '0 0 1px 0',
    borderColor: themed('editorWarning.foreground'),
  });
  readonly pointed = decoration({ border: '1px solid', borderColor: themed(pointedTokenColor) });
  readonly pinned = decoration({ outline: '2px solid', outlineColor: themed(pointedTokenColor) });
  readonly marks: vscode.TextEditorDecorationType;

  constructor(extensionUri: vscode.Uri) {
    const icon = (kind: string): { gutterIconPath: vscode.Uri } => ({
      gutterIconPath: vscode.Uri.joinPath(extensionUri, 'media', `star-${kind}.svg`),
    });
    this.marks = decoration({
      gutterIconSize: 'contain',
      dark: icon('dark'),
      light: icon('light'),
      overviewRulerColor: themed(shareColors[shareColors.length - 1]),
      overviewRulerLane: vscode.OverviewRulerLane.Right,
    });
  }

  dispose(): void {
    for (const type of [...this.levels, this.stale, this.pointed, this.pinned, this.marks]) type.dispose();
  }
}

export class TokenDecorations implements vscode.Disposable {
  private made: DecorationTypes | undefined;
  private pinnedToken: number | null = null;
  private readonly subscriptions: vscode.Disposable[];

  constructor(
    private readonly store: TraceStore,
    private readonly extensionUri: vscode.Uri,
  ) {
    const paintAll = (): void => this.paint(vscode.window.visibleTextEditors);
    this.subscriptions = [
      store.onDidChange(paintAll),
      vscode.window.onDidChangeVisibleTextEditors(paintAll),
      vscode.workspace.onDidChangeConfiguration(change => {
        const names = [settings.decorations, settings.gutterMarks];
        if (names.some(name => change.affectsConfiguration(`${configurationSection}.${name}`))) paintAll();
      }),
    ];
  }

  /** Outlines a token of the latest trace wherever its document is visible. */
  point(token: number | null): void {
    this.outline(this.types.pointed, token);
  }

  /** Outlines the token that is pinned in the Routing panel, until another one is. */
  pin(token: number | null): void {
    this.pinnedToken = token;
    this.outline(this.types.pinned, token);
  }

  private outline(type: vscode.TextEditorDecorationType, token: number | null): void {
    const document = this.store.latest?.document;
    const span = token === null ? undefined : document?.spanOf(token);
    for (const editor of vscode.window.visibleTextEditors)
      if (document && editor.document.uri.toString() === document.traced.uri)
        editor.setDecorations(type, span ? [rangeOf(editor.document, span)] : []);
  }

  dispose(): void {
    this.made?.dispose();
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private get types(): DecorationTypes {
    this.made ??= new DecorationTypes(this.extensionUri);
    return this.made;
  }

  private paint(editors: readonly vscode.TextEditor[]): void {
    if (!this.store.latest) return; // and so there was none before
    const { types } = this;
    const read = settingReader();
    const coloured = settingOr(read, 'decorations', true);
    const marked = settingOr(read, 'gutterMarks', true);
    for (const editor of editors) {
      const trace = this.store.ofDocument(editor.document);
      const tokens = trace ? placedTokens(trace, editor.document) : [];
      const ranges = (chosen: (share: number) => boolean): vscode.Range[] =>
        tokens.filter(({ share }) => chosen(share)).map(({ range }) => range);
      const levelOf = (share: number): number | undefined => shareLevel(share, types.levels.length);
      types.levels.forEach((type, level) =>
        editor.setDecorations(type, coloured ? ranges(share => levelOf(share) === level) : []),
      );
      const isStale = coloured && trace?.stale === true;
      editor.setDecorations(types.stale, isStale ? ranges(share => levelOf(share) !== undefined) : []);
      const least = leastMarked(tokens.map(({ share }) => share));
      editor.setDecorations(types.marks, marked ? firstOfLines(ranges(share => share >= least)) : []);
    }
    this.outline(types.pinned, this.pinnedToken);
  }
}

interface PlacedToken {
  range: vscode.Range;
  /** Mean over layers, router-tuned if there is a run. */
  share: number;
}

/** The tokens that have a place in the document and a share. */
function placedTokens(trace: DocumentTrace, document: vscode.TextDocument): PlacedToken[] {
  return trace.view.tokens.flatMap((_, position) => {
    const span = trace.spanOf(position);
    const share = faithfulShare(trace.view, position);
    return span && share ? [{ range: rangeOf(document, span), share: share.tuned ?? share.base }] : [];
  });
}

/** One empty range for each line that a range begins on. */
function firstOfLines(ranges: readonly vscode.Range[]): vscode.Range[] {
  const lines = new Set(ranges.map(({ start }) => start.line));
  return [...lines].map(line => new vscode.Range(line, 0, line, 0));
}

function rangeOf(document: vscode.TextDocument, { start, end }: Span): vscode.Range {
  return new vscode.Range(document.positionAt(start), document.positionAt(end));
}

function decoration(options: vscode.DecorationRenderOptions): vscode.TextEditorDecorationType {
  return vscode.window.createTextEditorDecorationType({
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
    ...options,
  });
}

function themed(color: string): vscode.ThemeColor {
  return new vscode.ThemeColor(color);
}
