/** @file Evaluate: answers to a dataset by a model, tuned or not, with experts switched off or not. */
import { rmSync } from 'node:fs';
import path from 'node:path';

import { t } from '@vscode/l10n';
import * as v from 'valibot';
import * as vscode from 'vscode';

import { writeJsonAtomically } from '../../common/atomic-file';
import type { EvaluateRequestInput } from '../../protocol/analyses';
import type { EvaluationAnswer } from '../../protocol/evaluation';
import type { Engine } from '../engine/engine';
import { withJobProgress } from '../job-progress';
import type { MaskStore } from '../masks/mask-store';
import { maskSize } from '../masks/masked-set';
import { readIdentifySettings } from '../settings';
import { type Dataset, namedFilesOf } from '../workspace/datasets';
import type { Pickers } from '../workspace/pickers';
import { inNewRunFolder, type Run } from '../workspace/runs';
import type { Selection } from '../workspace/selection';
import { mainFolder, requireTrust, settingReader, shortPath } from '../workspace/workspace';
import { evaluationFile, evaluationMaskFile } from './evaluations';
import { runTitle, scoreText } from './run-rows';

const count = v.pipe(v.number(), v.integer(), v.minValue(1));

export const EvaluateOptionsSchema = v.object({
  model: v.optional(v.string()),
  data: v.optional(v.string()),
  /** A run folder whose weights are used; null: the base model's. Absent: asked. */
  run: v.optional(v.nullable(v.string())),
  limit: v.optional(count),
});
type EvaluateOptions = v.InferOutput<typeof EvaluateOptionsSchema>;

export class EvaluateCommand {
  constructor(
    private readonly engine: Engine,
    private readonly pickers: Pickers,
    private readonly selection: Selection,
    private readonly masks: MaskStore,
    private readonly runs: () => readonly Run[],
    private readonly open: (folder: string) => unknown,
  ) {}

  /** @returns nothing when the user leaves one of the questions */
  async run(options: EvaluateOptions): Promise<EvaluationAnswer | undefined> {
    requireTrust();
    const ofRun = this.runs().find(({ folder }) => folder === options.run)?.record.model.path;
    const model = options.model ?? ofRun ?? this.selection.model ?? (await this.pickers.pickModel());
    if (model === undefined) return undefined;
    const data = options.data ?? (await this.pickFile());
    if (data === undefined) return undefined;
    const run = options.run === undefined ? await this.pickWeights(model) : options.run;
    if (run === undefined) return undefined;
    const { training, limit_test, engine } = readIdentifySettings(settingReader());
    const request = {
      ...{ model, data, run: run ?? undefined, limit: options.limit ?? limit_test, engine },
      ...{ seed: training?.seed, max_seq_length: training?.max_seq_length },
    };
    return inNewRunFolder(mainFolder(), 'evaluate', folder =>
      this.execute(folder, { ...request, out: path.join(folder, evaluationFile) }),
    );
  }

  private async execute(folder: string, request: EvaluateRequestInput): Promise<EvaluationAnswer> {
    // A copy goes with the result: the set may be changed later.
    const mask = this.masks.activeFor(request.model);
    const maskFile = mask && path.join(folder, evaluationMaskFile);
    if (maskFile !== undefined) writeJsonAtomically(maskFile, mask);
    const title = mask
      ? t('Evaluating with “{0}” masked ({1})', mask.name, maskSize(mask))
      : t('Evaluating {0}', path.basename(request.model));
    try {
      const answer = await withJobProgress(title, hooks =>
        this.engine.request('evaluate', { ...request, mask: maskFile }, hooks),
      );
      void this.offerNext(folder, answer, mask?.name);
      return answer;
    } catch (error) {
      rmSync(folder, { recursive: true, force: true }); // nothing but the mask, or half a result
      throw error;
    }
  }

  private async offerNext(
    folder: string,
    { evaluation: { em, f1, samples, model } }: EvaluationAnswer,
    mask: string | undefined,
  ): Promise<void> {
    const scores = [model.name, em.toFixed(1), f1.toFixed(1), samples];
    const text =
      mask === undefined
        ? t('{0}: exact match {1} %, F1 {2} % over {3} answers.', ...scores)
        : t('{0}, “{4}” masked: exact match {1} %, F1 {2} % over {3} answers.', ...scores, mask);
    const open = t('Open');
    if ((await vscode.window.showInformationMessage(text, open)) === open) await this.open(folder);
  }

  private async pickFile(): Promise<string | undefined> {
    const dataset = await this.pickers.pickDataset();
    if (!dataset) return undefined;
    const files = namedFilesOf(dataset).reverse(); // what the model was not tuned on comes first
    if (files.length === 1) return files[0][1];
    const items = files.map(([name, value]) => ({ label: name, description: shortPath(value), value }));
    return (await vscode.window.showQuickPick(items, { title: titleOfFiles(dataset) }))?.value;
  }

  /** @returns the folder of a run, null for the base model */
  private async pickWeights(model: string): Promise<string | null | undefined> {
    const runs = this.runs().filter(
      ({ record: { status, job, model: of } }) =>
        status === 'done' &&
        (job === 'identify' || job === 'finetune') &&
        path.resolve(of.path) === path.resolve(model),
    );
    if (runs.length === 0) return null;
    const items = runs.map(({ folder, id, record }) => ({
      label: runTitle(record),
      description: [id, scoreText(record)].filter(Boolean).join(' · '),
      value: folder,
    }));
    const base = { label: t('Base model'), description: t('weights of the checkpoint'), value: null };
    const choice = await vscode.window.showQuickPick<{ label: string; value: string | null }>(
      [base, ...items],
      {
        title: t('Router Lens: Weights to Evaluate'),
      },
    );
    return choice?.value;
  }
}

function titleOfFiles({ name }: Dataset): string {
  return t('Router Lens: File of {0}', name);
}
