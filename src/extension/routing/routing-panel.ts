/** @file The Routing panel's side in the extension: its page, its messages, its restoring after a reload. */
import { t } from '@vscode/l10n';
import * as v from 'valibot';
import * as vscode from 'vscode';

import { messageOf } from '../../common/errors';
import {
  type FromRoutingPanel,
  FromRoutingPanelSchema,
  type ToRoutingPanel,
} from '../../protocol/panel-messages';
import { bundledPage, bundleFolder } from '../bundled-page';
import { panels } from '../manifest';
import { tabIcon } from '../tab-icon';
import type { KeptChoices } from './kept-choices';
import type { MaskSource } from './panel-questions';
import type { Trace, TraceStore } from './trace-store';

type Notice = Extract<ToRoutingPanel, { type: 'busy' | 'error' }>;

export class RoutingPanel implements vscode.WebviewPanelSerializer, vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  /** The page listens. */
  private ready = false;
  private notice: Notice | undefined;
  /** What the page shows. */
  private shown: Trace | undefined;
  /** The page is to show the difference of base and tuned as soon as it shows anything. */
  private comparing = false;
  private readonly messages = new vscode.EventEmitter<FromRoutingPanel>();
  /** What the user does in the panel. */
  readonly onDidReceiveMessage = this.messages.event;
  private readonly subscriptions: vscode.Disposable[];

  constructor(
    private readonly extensionUri: vscode.Uri,
    private readonly choices: KeptChoices,
    private readonly store: TraceStore,
    private readonly masks: MaskSource,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.subscriptions = [
      this.messages,
      store.onDidChange(() => this.sendAll()),
      masks.onDidChange(() => this.sendMaskedSet()),
    ];
  }

  get visible(): boolean {
    return this.panel?.visible ?? false;
  }

  /** Opens the panel beside the editor, or brings it to the front where it is. */
  open(): void {
    if (this.panel) {
      this.panel.reveal(undefined, true);
      return;
    }
    const place = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
    this.adopt(vscode.window.createWebviewPanel(panels.routing, t('Routing'), place, this.options()));
  }

  /** Opens the panel, shows `text` while `work` runs, and its error if it fails. */
  async during<T>(text: string, work: () => Promise<T>): Promise<T> {
    this.open();
    this.show({ type: 'busy', text });
    try {
      const result = await work();
      this.show(undefined);
      return result;
    } catch (error) {
      this.show({ type: 'error', text: messageOf(error) });
      throw error;
    }
  }

  /** The editor's cursor is on this token of the latest trace. */
  selectToken(token: number | null): void {
    this.send({ type: 'select-token', token });
  }

  /** This token of the latest trace was clicked in the editor. */
  togglePin(token: number): void {
    this.send({ type: 'toggle-pin', token });
  }

  /** Shows the difference of base and tuned. */
  compare(): void {
    this.comparing = true;
    this.sendAll();
  }

  /** A message to the page; lost while there is none that listens. */
  send(message: ToRoutingPanel): void {
    if (this.ready) void this.panel?.webview.postMessage(message);
  }

  /** What was shown is kept by the store, not by the page: the page only knows that it was there. */
  async deserializeWebviewPanel(panel: vscode.WebviewPanel): Promise<void> {
    panel.webview.options = this.options();
    this.adopt(panel);
    try {
      await this.store.restore();
    } catch (error) {
      this.log.warn(`The last trace cannot be shown again: ${messageOf(error)}`);
    }
    if (!this.store.latest)
      this.show({ type: 'error', text: t('There is no trace to show: run “Trace Routing of This Prompt”.') });
  }

  dispose(): void {
    this.panel?.dispose();
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private options(): vscode.WebviewOptions & vscode.WebviewPanelOptions {
    return { enableScripts: true, localResourceRoots: [bundleFolder(this.extensionUri)] };
  }

  private adopt(panel: vscode.WebviewPanel): void {
    this.panel?.dispose();
    this.panel = panel;
    this.ready = false;
    const { webview } = panel;
    panel.iconPath = tabIcon(this.extensionUri);
    webview.onDidReceiveMessage((message: unknown) => this.receive(message));
    panel.onDidDispose(() => {
      if (this.panel !== panel) return;
      this.panel = undefined;
      this.ready = false;
    });
    webview.html = bundledPage(webview, this.extensionUri, { bundle: 'routing', title: t('Routing') });
  }

  private receive(message: unknown): void {
    const parsed = v.safeParse(FromRoutingPanelSchema, message);
    if (!parsed.success) {
      this.log.warn(`Routing panel: invalid message: ${parsed.issues[0].message}`);
      return;
    }
    if (parsed.output.type === 'keep') {
      this.choices.keep(parsed.output.state);
      return;
    }
    if (parsed.output.type !== 'ready') {
      this.messages.fire(parsed.output);
      return;
    }
    this.ready = true; // also when a hidden panel comes back: its page starts anew
    this.shown = undefined;
    this.sendAll();
  }

  private show(notice: Notice | undefined): void {
    this.notice = notice;
    if (notice) this.send(notice);
    else {
      this.shown = undefined; // ends what was said before
      this.sendAll();
    }
  }

  /** Everything that the page should know. A trace that it shows already is not sent again. */
  private sendAll(): void {
    if (!this.ready) return;
    const { latest } = this.store;
    const stale = latest?.document?.stale ?? false;
    if (latest === this.shown) this.send({ type: 'stale', stale });
    else if (latest) this.send({ type: 'show', view: latest.view, stale, kept: this.choices.value });
    this.shown = latest;
    this.sendMaskedSet();
    if (this.comparing && latest) {
      this.send({ type: 'compare' });
      this.comparing = false;
    }
    if (this.notice) this.send(this.notice);
  }

  private sendMaskedSet(): void {
    const { latest } = this.store;
    const active = latest && this.masks.activeFor(latest.request.model);
    this.send({ type: 'masked-set', name: active?.name ?? null });
  }
}
