/** @file A webview panel with a bundled page: validated messages both ways, pictures and tables saved, its icon. */
import * as v from 'valibot';
import type * as vscode from 'vscode';

import type { SaveFileMessage } from '../protocol/save-file';
import { bundledPage, bundleFolder } from './bundled-page';
import { showFailure } from './failure';
import { saveFile } from './save-file';
import { tabIcon } from './tab-icon';

/** What every page says: its script listens; save this. */
type PageMessage = { type: 'ready' } | SaveFileMessage;

/** @param Own what this page says beside what every page does */
export interface PageOptions<Own extends { type: string }> {
  extensionUri: vscode.Uri;
  log: vscode.LogOutputChannel;
  /** Name of the page's script and styles in `dist/webview`. */
  bundle: string;
  /** What the page may say. */
  incoming: v.GenericSchema<unknown, Own | PageMessage>;
  /** Where saving begins; default: the first workspace folder. */
  saveIn?: string;
  /** The page listens: for the first time, or again after it was hidden. */
  ready: () => void;
  /** The page said something of its own. */
  receive?: (message: Own) => void;
  /** The page is out of sight and gets nothing, or the panel is closed. */
  left?: () => void;
}

/** @param Out what the extension says to the page */
export class PagePanel<Own extends { type: string }, Out> {
  private listens = false;

  constructor(
    private readonly panel: vscode.WebviewPanel,
    private readonly options: PageOptions<Own>,
  ) {
    const { extensionUri, bundle } = options;
    panel.webview.options = { enableScripts: true, localResourceRoots: [bundleFolder(extensionUri)] };
    panel.iconPath = tabIcon(extensionUri);
    panel.webview.onDidReceiveMessage((message: unknown) => this.receive(message));
    panel.onDidChangeViewState(() => {
      // VS Code ends the page of a hidden panel; it starts anew, and says so, when it is shown again.
      if (!panel.visible) this.leave();
    });
    panel.onDidDispose(() => this.leave());
    panel.webview.html = bundledPage(panel.webview, extensionUri, { bundle, title: panel.title });
  }

  set title(title: string) {
    if (this.panel.title !== title) this.panel.title = title;
  }

  reveal(): void {
    this.panel.reveal();
  }

  post(message: Out): void {
    if (this.listens) void this.panel.webview.postMessage(message);
  }

  private leave(): void {
    if (!this.listens) return;
    this.listens = false;
    this.options.left?.();
  }

  private receive(message: unknown): void {
    const { incoming, ready, receive, log, bundle, saveIn } = this.options;
    const parsed = v.safeParse(incoming, message);
    if (!parsed.success) {
      log.warn(`Page ${bundle}: invalid message: ${parsed.issues[0].message}`);
      return;
    }
    const said = parsed.output;
    if (isReady(said)) {
      this.listens = true;
      ready();
    } else if (isFile(said)) {
      saveFile(said, saveIn).catch((error: unknown) => showFailure(error, log));
    } else receive?.(said);
  }
}

function isReady(message: { type: string }): message is { type: 'ready' } {
  return message.type === 'ready';
}

function isFile(message: { type: string }): message is SaveFileMessage {
  return message.type === 'save-file';
}
