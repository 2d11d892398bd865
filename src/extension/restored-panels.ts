/** @file Panels of one kind: one for each thing that is shown, and there again after a reload. */
import * as v from 'valibot';
import * as vscode from 'vscode';

/** @param Shown what a panel shows, as its page keeps it over a reload */
export interface PanelKind<Shown> {
  /** The panels' type in package.json's activation events. */
  type: string;
  /** Until the page has something to show. */
  title: string;
  state: v.GenericSchema<unknown, Shown>;
  /** Puts the page into a panel that is new or was restored. */
  fill: (panel: vscode.WebviewPanel, shown: Shown) => void;
}

export class RestoredPanels<Shown> implements vscode.WebviewPanelSerializer, vscode.Disposable {
  private readonly open = new Map<string, vscode.WebviewPanel>();

  constructor(private readonly kind: PanelKind<Shown>) {}

  /** Opens the panel, or brings it to the front. */
  show(shown: Shown): void {
    const panel = this.open.get(JSON.stringify(shown));
    if (panel) panel.reveal();
    else this.adopt(this.create(), shown);
  }

  deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const parsed = v.safeParse(this.kind.state, state);
    if (parsed.success && !this.open.has(JSON.stringify(parsed.output))) this.adopt(panel, parsed.output);
    else panel.dispose();
    return Promise.resolve();
  }

  dispose(): void {
    for (const panel of this.open.values()) panel.dispose();
  }

  private create(): vscode.WebviewPanel {
    const { type, title } = this.kind;
    return vscode.window.createWebviewPanel(type, title, vscode.ViewColumn.Active);
  }

  private adopt(panel: vscode.WebviewPanel, shown: Shown): void {
    const key = JSON.stringify(shown);
    this.open.set(key, panel);
    panel.onDidDispose(() => this.open.delete(key));
    this.kind.fill(panel, shown);
  }
}
