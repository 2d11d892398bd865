/** @file What the tools for agents do. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';

import { t } from '@vscode/l10n';
import * as vscode from 'vscode';

import { InputError } from '../../common/errors';
import type { Engine } from '../engine/engine';
import type { IdentifyCommand } from '../identify-command';
import { languageModelTools, type ToolName } from '../manifest';
import { runOfModel,type RunSource } from '../routing/run-of-model';
import { readTraceSettings } from '../settings';
import { type Dataset, filesOf, groupDatasets, splitsOf } from '../workspace/datasets';
import type { Selection } from '../workspace/selection';
import { mainFolder, requireTrust, settingReader } from '../workspace/workspace';
import { IdentifyInputSchema, parseToolInput, TraceInputSchema } from './tool-inputs';
import { identifyResult, type ToolResult, traceResult } from './tool-results';

export interface ToolParts {
  engine: Engine;
  identify: () => Promise<IdentifyCommand>;
  selection: Selection;
  runs: RunSource;
}

export type Tools = Record<ToolName, Required<vscode.LanguageModelTool<unknown>>>;

export function makeTools(parts: ToolParts): Tools {
  return {
    [languageModelTools.traceRouting]: new TraceTool(parts),
    [languageModelTools.identify]: new IdentifyTool(parts),
  };
}

/** Which experts does this prompt use? Nothing opens, nothing is written. */
class TraceTool implements vscode.LanguageModelTool<unknown> {
  constructor(private readonly parts: ToolParts) {}

  prepareInvocation(): vscode.PreparedToolInvocation {
    return { invocationMessage: t('Tracing which experts the prompt uses') };
  }

  async invoke(
    { input }: vscode.LanguageModelToolInvocationOptions<unknown>,
    token: vscode.CancellationToken,
  ): Promise<vscode.LanguageModelToolResult> {
    const { prompt, model: named } = parseToolInput(TraceInputSchema, input);
    requireTrust();
    const model = modelOf(this.parts, named);
    const request = {
      ...{ model, source: { kind: 'text' as const, text: prompt } },
      run: runOfModel(this.parts.runs, model)?.folder,
      ...readTraceSettings(settingReader()),
    };
    const view = await this.parts.engine.request('traceRouting', request, { signal: signalOf(token) });
    return resultOf(traceResult(view));
  }
}

/** Runs router tuning on a dataset, after the user agreed. */
class IdentifyTool implements vscode.LanguageModelTool<unknown> {
  constructor(private readonly parts: ToolParts) {}

  async prepareInvocation({
    input,
  }: vscode.LanguageModelToolInvocationPrepareOptions<unknown>): Promise<vscode.PreparedToolInvocation> {
    const { dataset, model: named } = parseToolInput(IdentifyInputSchema, input);
    const files = await datasetOf(inWorkspace(dataset));
    const message = t(
      'Tunes the routers of {0} on {1} ({2}) and writes a run folder in this workspace. It takes minutes and can be cancelled.',
      ...[modelOf(this.parts, named), files.name, splitsOf(files)].map(inCode),
    );
    return {
      invocationMessage: t('Identifying context-faithful experts'),
      confirmationMessages: {
        title: t('Identify context-faithful experts?'),
        message: new vscode.MarkdownString(message),
      },
    };
  }

  async invoke(
    { input }: vscode.LanguageModelToolInvocationOptions<unknown>,
    token: vscode.CancellationToken,
  ): Promise<vscode.LanguageModelToolResult> {
    const { dataset, model, ...options } = parseToolInput(IdentifyInputSchema, input);
    requireTrust();
    const { train, dev, test } = await datasetOf(inWorkspace(dataset));
    const request = { ...options, ...{ train, dev, test }, model: modelOf(this.parts, model) };
    const identify = await this.parts.identify();
    const result = await identify.run(request, signalOf(token));
    if (!result) throw new InputError('Nothing was run.');
    return resultOf(identifyResult(result));
  }
}

/** The checkpoint that is named, else the one chosen in this window, else that of the shown run. */
function modelOf({ selection, runs }: ToolParts, named: string | undefined): string {
  if (named !== undefined) return inWorkspace(named);
  const model = selection.model ?? runs.current?.run.record.model.path;
  if (model === undefined)
    throw new InputError('No checkpoint is chosen: name its folder as “model”, or let the user choose one.');
  return model;
}

/** With the files beside it that belong to it by their names. */
async function datasetOf(file: string): Promise<Dataset> {
  const folder = path.dirname(file);
  const names = await readdir(folder).catch(() => []);
  const files = names.filter(name => /\.jsonl?$/i.test(name)).map(name => path.join(folder, name));
  const dataset = groupDatasets(files).find(candidate => filesOf(candidate).includes(file));
  if (!dataset) throw new InputError(`${file}: no such JSON or JSONL file.`);
  return dataset;
}

function inWorkspace(file: string): string {
  return path.resolve(mainFolder(), file);
}

/** For Markdown: names of files are data. */
function inCode(text: string): string {
  return `\`${text.replaceAll('`', '')}\``;
}

function signalOf(token: vscode.CancellationToken): AbortSignal {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  token.onCancellationRequested(() => controller.abort());
  return controller.signal;
}

function resultOf({ text, json }: ToolResult): vscode.LanguageModelToolResult {
  return new vscode.LanguageModelToolResult([
    new vscode.LanguageModelTextPart(text),
    new vscode.LanguageModelTextPart(JSON.stringify(json)),
  ]);
}
