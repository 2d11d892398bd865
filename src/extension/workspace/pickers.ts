/** @file Quick-picks for the checkpoint, the dataset and a sample. What was chosen last is offered first. */
import { existsSync } from 'node:fs';
import path from 'node:path';

import { t } from '@vscode/l10n';
import * as vscode from 'vscode';

import { InputError } from '../../common/errors';
import type { CheckpointSummary } from '../../protocol/jobs';
import { type Checkpoints, readCheckpoint } from '../models/checkpoints';
import { type Dataset, filesOf, splitsOf } from './datasets';
import { modelText } from './model-text';
import { countSamples, readFirstSample, readSamples } from './sample-file';
import type { Selection } from './selection';
import { requireTrust, shortPath } from './workspace';
import type { WorkspaceFiles } from './workspace-files';

interface Choice<T> extends vscode.QuickPickItem {
  /** Absent: choose with the file dialog. */
  value?: T;
}

/** A list of samples longer than this is of no use. */
const samplesListed = 2000;

export class Pickers {
  constructor(
    private readonly files: WorkspaceFiles,
    private readonly checkpoints: Checkpoints,
    private readonly selection: Selection,
  ) {}

  /**
   * @param given a checkpoint folder that was chosen already
   * @returns the folder, remembered; nothing when the user leaves
   * @throws InputError when it is not supported
   */
  async pickModel(given?: string): Promise<string | undefined> {
    requireTrust();
    const folder = given ?? (await this.askForModel());
    if (folder === undefined) return undefined;
    const summary = await this.checkpoints.inspect(await readCheckpoint(folder));
    if (!summary.supported) throw new InputError(`${shortPath(folder)}: ${summary.problems.join(' ')}`);
    await this.selection.setModel(folder);
    return folder;
  }

  private async askForModel(): Promise<string | undefined> {
    const choice = await vscode.window.showQuickPick(this.modelChoices(), {
      title: t('Router Lens: Checkpoint'),
      placeHolder: t('Mixture-of-Experts checkpoint (folder with config.json and safetensors)'),
      matchOnDescription: true,
    });
    if (!choice) return undefined;
    return choice.value?.path ?? openDialog({ canSelectFolders: true, canSelectFiles: false });
  }

  /**
   * @param train training file of a dataset that was chosen already
   * @returns the dataset, remembered; nothing when the user leaves
   */
  async pickDataset(train?: string): Promise<Dataset | undefined> {
    if (train !== undefined) {
      const given = (await this.files.datasets()).find(({ dataset }) => dataset.train === train)?.dataset;
      if (given) await this.selection.setDataset(given);
      return given;
    }
    const choice = await vscode.window.showQuickPick(this.datasetChoices(), {
      title: t('Router Lens: Dataset'),
      placeHolder: t('Samples with context, question and answer (JSON or JSONL)'),
      matchOnDescription: true,
    });
    if (!choice) return undefined;
    const dataset = choice.value ?? (await openDataset());
    if (dataset) await this.selection.setDataset(dataset);
    return dataset;
  }

  /** @returns a sample of a file of the chosen dataset */
  async pickSample(): Promise<{ file: string; index: number } | undefined> {
    const dataset = await this.pickDataset();
    if (!dataset) return undefined;
    const files = filesOf(dataset).reverse(); // what the model was not tuned on comes first
    const file =
      files.length === 1
        ? files[0]
        : (
            await vscode.window.showQuickPick(
              files.map(value => ({ label: path.basename(value), description: shortPath(value), value })),
              { title: t('Router Lens: File') },
            )
          )?.value;
    if (file === undefined) return undefined;
    const choice = await vscode.window.showQuickPick(sampleChoices(file), {
      title: t('Router Lens: Sample of {0}', path.basename(file)),
      matchOnDescription: true,
      matchOnDetail: true,
    });
    return choice && { file, index: choice.index };
  }

  private async modelChoices(): Promise<Choice<CheckpointSummary>[]> {
    const folders = [...(await this.files.find()).checkpoints];
    const remembered = this.selection.model;
    if (remembered !== undefined && !folders.includes(remembered)) folders.push(remembered);
    const choices = await Promise.all(folders.map(folder => this.modelChoice(folder)));
    choices.sort((a, b) => rank(b) - rank(a) || a.label.localeCompare(b.label));
    return [...choices, { label: `$(folder-opened) ${t('Choose a folder…')}`, alwaysShow: true }];

    function rank({ value }: Choice<CheckpointSummary>): number {
      return (value?.path === remembered ? 2 : 0) + (value?.supported ? 1 : 0);
    }
  }

  private async modelChoice(folder: string): Promise<Choice<CheckpointSummary>> {
    const summary = await this.checkpoints.inspect(await readCheckpoint(folder));
    return {
      label: `${summary.supported ? '$(circuit-board)' : '$(circle-slash)'} ${summary.name}`,
      description: modelText(summary),
      ...(shortPath(folder) === summary.name ? {} : { detail: shortPath(folder) }),
      value: summary,
    };
  }

  private async datasetChoices(): Promise<Choice<Dataset>[]> {
    const found = await this.files.datasets();
    const datasets = found.filter(({ hasContext }) => hasContext).map(({ dataset }) => dataset);
    const remembered = this.selection.dataset;
    const first = datasets.findIndex(({ train }) => train === remembered?.train);
    if (first >= 0) datasets.unshift(...datasets.splice(first, 1));
    else if (remembered && filesOf(remembered).every(existsSync)) datasets.unshift(remembered);
    const choices = await Promise.all(datasets.map(datasetChoice));
    return [...choices, { label: `$(folder-opened) ${t('Choose a file…')}`, alwaysShow: true }];
  }
}

async function sampleChoices(file: string): Promise<(vscode.QuickPickItem & { index: number })[]> {
  const samples = await readSamples(file, samplesListed);
  return samples.map(({ index, sample }) => ({
    label: `${index}: ${sample.question}`,
    description: [sample.answer].flat().at(0),
    detail: sample.context,
    index,
  }));
}

async function datasetChoice(dataset: Dataset): Promise<Choice<Dataset>> {
  const files = filesOf(dataset);
  const counts = await Promise.all(files.map(countSamples));
  return {
    label: `$(database) ${dataset.name}${files.length > 1 ? ` (${splitsOf(dataset)})` : ''}`,
    description: t('{0} samples', counts.map(count => count.toLocaleString('en')).join(' + ')),
    detail: shortPath(path.dirname(dataset.train)),
    value: dataset,
  };
}

async function openDataset(): Promise<Dataset | undefined> {
  const file = await openDialog({ filters: { [t('JSON or JSONL')]: ['json', 'jsonl'] } });
  if (file === undefined) return undefined;
  const sample = await readFirstSample(file);
  if (!sample)
    throw new InputError(
      t('{0}: no samples with context, question and answer: choose another file.', shortPath(file)),
    );
  return { name: path.parse(file).name, train: file };
}

async function openDialog(options: vscode.OpenDialogOptions): Promise<string | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    ...options,
    defaultUri: vscode.workspace.workspaceFolders?.[0].uri,
  });
  return chosen?.[0].fsPath;
}
