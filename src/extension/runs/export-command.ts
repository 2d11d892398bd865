/** @file Exports what a run made: for other programs, or its tables, pictures and report. */
import { existsSync, readdirSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';

import { t } from '@vscode/l10n';
import * as v from 'valibot';
import * as vscode from 'vscode';

import { InputError } from '../../common/errors';
import { runFiles } from '../../protocol/artifacts';
import { exportFormats, type ExportResult } from '../../protocol/export';
import type { Engine } from '../engine/engine';
import { withJobProgress } from '../job-progress';
import { sizeText } from '../workspace/model-text';
import type { Run } from '../workspace/runs';
import { requireTrust } from '../workspace/workspace';
import { isTableOrPicture } from './run-rows';

export const ExportOptionsSchema = v.object({
  run: v.optional(v.string()),
  /** `files`: tables and pictures. */
  format: v.optional(v.picklist([...exportFormats, 'report', 'files'])),
  /** Folder to write, which must not exist or be empty; of `report` and `files`: folder to copy to. */
  out: v.optional(v.string()),
});
type Format = NonNullable<v.InferOutput<typeof ExportOptionsSchema>['format']>;

/** @param record absent for an evaluation */
export interface Exportable {
  folder: string;
  record?: Run['record'];
}

export class ExportCommand {
  constructor(private readonly engine: Engine) {}

  /** @returns what was written, or nothing when the user leaves */
  async run(
    run: Exportable,
    options: v.InferOutput<typeof ExportOptionsSchema>,
  ): Promise<string[] | undefined> {
    const format = options.format ?? (await pickFormat(run));
    if (format === undefined) return undefined;
    if (format === 'peft' || format === 'safetensors') return this.exportWeights(run, format, options.out);
    const names = format === 'report' ? [runFiles.report] : tablesAndPictures(run.folder);
    const out = options.out ?? (await pickFolder(t('Copy Here')));
    if (out === undefined) return undefined;
    const target = options.out ?? path.join(out, path.basename(run.folder));
    await mkdir(target, { recursive: true });
    await Promise.all(names.map(name => copyFile(path.join(run.folder, name), path.join(target, name))));
    void offerReveal(t('{0} files copied to {1}.', names.length, target), target);
    return names.map(name => path.join(target, name));
  }

  private async exportWeights(
    { folder, record }: Exportable,
    format: 'peft' | 'safetensors',
    given: string | undefined,
  ): Promise<string[] | undefined> {
    requireTrust();
    if (!record) throw new InputError(t('{0}: an evaluation has no weights to export.', folder));
    const parent = given === undefined ? await pickFolder(t('Export Here')) : undefined;
    const out =
      given ?? (parent && freeName(parent, `${record.model.name}-${path.basename(folder)}-${format}`));
    if (out === undefined) return undefined;
    const request = { model: record.model.path, run: folder, format, out };
    const result: ExportResult = await withJobProgress(t('Exporting the run'), hooks =>
      this.engine.request('exportRun', request, hooks),
    );
    void offerReveal(
      t('Exported {0} tuned tensors, {1}, to {2}.', result.tensors, sizeText(result.bytes), result.out),
      result.out,
    );
    return result.files.map(name => path.join(result.out, name));
  }
}

/** What the run has. @throws InputError when there is nothing */
async function pickFormat({ folder, record }: Exportable): Promise<Format | undefined> {
  const has = (name: string): boolean => existsSync(path.join(folder, name));
  const trained = record?.status === 'done' && (record.job === 'identify' || record.job === 'finetune');
  const items: (vscode.QuickPickItem & { format: Format })[] = [];
  if (trained && has(runFiles.adapter))
    items.push({
      label: `$(extensions) ${t('PEFT adapter')}`,
      detail: t('The low-rank additions, for Python (peft)'),
      format: 'peft',
    });
  if (trained)
    items.push({
      label: `$(package) ${t('safetensors checkpoint')}`,
      detail: t('The whole model with the tuned weights, for transformers and others'),
      format: 'safetensors',
    });
  if (has(runFiles.report))
    items.push({
      label: `$(graph) ${t('Report (HTML)')}`,
      detail: t('One file, readable offline'),
      format: 'report',
    });
  const tables = tablesAndPictures(folder);
  if (tables.length > 0)
    items.push({ label: `$(table) ${t('Tables and pictures')}`, detail: tables.join(', '), format: 'files' });
  if (items.length === 0) throw new InputError(t('{0} has nothing to export yet.', path.basename(folder)));
  return (await vscode.window.showQuickPick(items, { title: t('Router Lens: Export') }))?.format;
}

/** CSV and SVG, what is in the run folder itself. */
function tablesAndPictures(folder: string): string[] {
  return readdirSync(folder).filter(isTableOrPicture).sort();
}

async function pickFolder(openLabel: string): Promise<string | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    ...{ canSelectFolders: true, canSelectFiles: false, openLabel },
    defaultUri: vscode.workspace.workspaceFolders?.[0].uri,
  });
  return chosen?.[0].fsPath;
}

/** Nothing is written over. */
function freeName(parent: string, name: string): string {
  let free = path.join(parent, name);
  for (let number = 2; existsSync(free); number++) free = path.join(parent, `${name}-${number}`);
  return free;
}

async function offerReveal(message: string, target: string): Promise<void> {
  const reveal = t('Show in Explorer');
  if ((await vscode.window.showInformationMessage(message, reveal)) === reveal)
    await vscode.commands.executeCommand('revealInExplorer', vscode.Uri.file(target));
}
