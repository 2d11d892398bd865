/** @file The CEFT view: a form that starts fine-tuning, and how that goes on. */
import { existsSync } from 'node:fs';
import path from 'node:path';

import { t } from '@vscode/l10n';
import * as v from 'valibot';
import * as vscode from 'vscode';

import { CancelledError, InputError, messageOf } from '../../common/errors';
import {
  type CeftChoices,
  type CeftForm,
  CeftFormSchema,
  type CeftRequest,
  checkForm,
} from '../../protocol/ceft-form';
import {
  type CeftAction,
  type CeftEstimate,
  type CeftTraining,
  type FromCeftView,
  FromCeftViewSchema,
  type ToCeftView,
} from '../../protocol/ceft-messages';
import type { EstimateResult } from '../../protocol/estimate';
import { bundledPage, bundleFolder } from '../bundled-page';
import type { Engine } from '../engine/engine';
import { showFailure } from '../failure';
import { withJobProgress } from '../job-progress';
import { commands } from '../manifest';
import type { RunHistory } from '../runs/run-history';
import { readEngineSettings, readIdentifySettings } from '../settings';
import type { Dataset } from '../workspace/datasets';
import type { Selection } from '../workspace/selection';
import { requireTrust, settingReader } from '../workspace/workspace';
import type { WorkspaceFiles } from '../workspace/workspace-files';
import { choicesOf, initialForm, withLikelyChoices } from './ceft-choices';
import type { CeftCommands } from './ceft-commands';
import { lastTraining } from './last-training';
import type { Training } from './training';

/** What the view is about. */
export interface CeftParts {
  context: vscode.ExtensionContext;
  engine: Engine;
  selection: Selection;
  files: WorkspaceFiles;
  history: RunHistory;
  training: Training;
  ceft: CeftCommands;
  log: vscode.LogOutputChannel;
}

const formKey = 'ceft';
/** Progress comes more often than anybody looks. */
const showInterval = 150;

export class CeftView implements vscode.WebviewViewProvider, vscode.Disposable {
  private view: vscode.WebviewView | undefined;
  private ready = false;
  private datasets: Dataset[] = [];
  private estimate: { key: string; shown: CeftEstimate } | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** Of an earlier window, until something trains in this one. */
  private last: CeftTraining | undefined;
  /** What the page's fields hold, as far as is known. */
  private onPage: string | undefined;
  private readonly subscriptions: vscode.Disposable[];

  constructor(private readonly parts: CeftParts) {
    const { files, selection, history, training } = parts;
    const soon = (): void => this.showSoon();
    this.subscriptions = [
      selection.onDidChange(soon),
      history.onDidChange(() => void this.findLast()),
      training.onDidChange(soon),
      vscode.workspace.onDidGrantWorkspaceTrust(soon),
      files.onDidChange(() => void this.findDatasets()),
    ];
  }

  /** What the fields hold, as it would be started. */
  get form(): CeftForm {
    const parsed = v.safeParse(CeftFormSchema, this.parts.context.workspaceState.get(formKey));
    const form = parsed.success ? parsed.output : initialForm(settingsOrNone());
    return withLikelyChoices(form, this.choices, this.parts.selection.dataset);
  }

  get estimated(): CeftEstimate {
    return this.estimate?.shown ?? { state: 'none' };
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    const { extensionUri } = this.parts.context;
    this.view = view;
    this.ready = false;
    const { webview } = view;
    webview.options = { enableScripts: true, localResourceRoots: [bundleFolder(extensionUri)] };
    webview.onDidReceiveMessage((message: unknown) => this.receive(message));
    view.onDidDispose(() => {
      if (this.view === view) this.view = undefined;
    });
    webview.html = bundledPage(webview, extensionUri, { bundle: 'ceft', title: 'CEFT' });
  }

  /** Keeps what was typed. */
  async change(form: CeftForm): Promise<void> {
    this.onPage = JSON.stringify(form);
    await this.parts.context.workspaceState.update(formKey, form);
    this.showSoon();
  }

  /** Does what a button says. */
  async act(action: CeftAction): Promise<void> {
    const { training, ceft } = this.parts;
    switch (action) {
      case 'estimate':
        await this.askForEstimate();
        break;
      case 'start':
        await this.start();
        break;
      case 'stop':
        training.stop();
        break;
      case 'resume': {
        const run = (training.current ?? this.last)?.run;
        if (run !== undefined) await ceft.resume(run);
        break;
      }
      case 'open-training':
        await this.openTraining();
        break;
      case 'select-model':
        await vscode.commands.executeCommand(commands.selectModel);
        break;
      case 'identify':
        await vscode.commands.executeCommand(commands.identify);
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private get choices(): CeftChoices {
    const runs = this.parts.history.runs();
    // Until one is chosen: what the newest run was about.
    const known = runs.map(({ record }) => record.model.path).find(folder => existsSync(folder));
    return choicesOf({
      ...{ model: this.parts.selection.model ?? known, runs, datasets: this.datasets },
      has: (folder, file) => existsSync(path.join(folder, file)),
    });
  }

  private async openTraining(): Promise<void> {
    const run = (this.parts.training.current ?? this.last)?.run;
    if (run !== undefined) await vscode.commands.executeCommand(commands.openTraining, { run });
  }

  /** An estimate says whether there is room before anything is written. */
  private async start(): Promise<void> {
    requireTrust();
    const request = this.checkedRequest();
    const fresh = this.estimate?.key === keyOf(request) ? this.estimate.shown : undefined;
    const result = fresh?.state === 'done' ? fresh.result : await this.askForEstimate();
    if (!result) return;
    const [problem] = result.problems;
    if (problem !== undefined) throw new InputError(problem);
    await this.parts.ceft.start(request);
  }

  /** @returns nothing when the user cancels */
  private async askForEstimate(): Promise<EstimateResult | undefined> {
    requireTrust();
    const request = this.checkedRequest();
    const key = keyOf(request);
    const keep = (shown: CeftEstimate | undefined): void => {
      this.estimate = shown && { key, shown };
      this.show();
    };
    keep({ state: 'busy' });
    try {
      const params = { ...request, engine: readEngineSettings(settingReader()), out: '' };
      const result = await withJobProgress(t('Estimating memory and time'), hooks =>
        this.parts.engine.request('estimate', { job: 'finetune', request: params }, hooks),
      );
      keep({ state: 'done', fresh: true, result });
      return result;
    } catch (error) {
      keep(
        error instanceof CancelledError
          ? undefined
          : { state: 'failed', fresh: true, error: messageOf(error) },
      );
      throw error;
    }
  }

  /** @throws InputError that says what the form lacks */
  private checkedRequest(): CeftRequest {
    const { request, problems } = checkForm(this.form, this.choices);
    if (request) return request;
    const [[field, problem]] = Object.entries(problems);
    throw new InputError(`${field}: ${problem}`);
  }

  private receive(message: unknown): void {
    const parsed = v.safeParse(FromCeftViewSchema, message);
    if (!parsed.success) {
      this.parts.log.warn(`CEFT view: invalid message: ${parsed.issues[0].message}`);
      return;
    }
    this.handle(parsed.output).catch((error: unknown) => showFailure(error, this.parts.log));
  }

  private async handle(message: FromCeftView): Promise<void> {
    if (message.type === 'change') await this.change(message.form);
    else if (message.type === 'do') await this.act(message.action);
    else {
      this.ready = true; // also when a hidden view comes back: its page starts anew
      this.onPage = undefined;
      await Promise.all([this.findDatasets(), this.findLast()]);
    }
  }

  private async findDatasets(): Promise<void> {
    if (!this.ready) return;
    const found = await this.parts.files.datasets();
    this.datasets = found.filter(({ hasContext }) => hasContext).map(({ dataset }) => dataset);
    this.show();
  }

  private async findLast(): Promise<void> {
    if (!this.ready) return;
    try {
      this.last = await lastTraining(this.parts.history);
    } catch (error) {
      this.parts.log.warn(messageOf(error));
    }
    this.showSoon();
  }

  private showSoon(): void {
    this.timer ??= setTimeout(() => this.show(), showInterval);
  }

  /** Everything that the page should know. */
  private show(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (!this.ready || !this.view) return;
    const { choices, form } = this;
    // What was chosen and is gone is replaced on the page, too.
    if (this.onPage !== JSON.stringify(form)) this.post({ type: 'form', form });
    this.onPage = JSON.stringify(form);
    const { request } = checkForm(form, choices);
    const fresh = request !== undefined && this.estimate?.key === keyOf(request);
    const { estimated } = this;
    this.post({
      ...{ type: 'show', trusted: vscode.workspace.isTrusted, choices },
      estimate: 'fresh' in estimated ? { ...estimated, fresh } : estimated,
      training: this.parts.training.current ?? this.last,
    });
  }

  private post(message: ToCeftView): void {
    if (this.ready) void this.view?.webview.postMessage(message);
  }
}

function keyOf(request: CeftRequest): string {
  return JSON.stringify(request);
}

/** A wrong setting is told where it is used, not while the view opens. */
function settingsOrNone(): Parameters<typeof initialForm>[0] {
  try {
    return readIdentifySettings(settingReader());
  } catch (error) {
    if (error instanceof InputError) return {};
    throw error;
  }
}
