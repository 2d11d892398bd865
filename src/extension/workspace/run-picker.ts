/** @file Quick-pick of a finished run. */
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';

import { InputError } from '../../common/errors';
import type { Run } from './runs';

/** @param runs newest first. @throws InputError when none is finished */
export async function pickRun(runs: readonly Run[]): Promise<Run | undefined> {
  const finished = runs.filter(({ record }) => record.status === 'done');
  if (finished.length === 0)
    throw new InputError(t('There is no finished run: run “Identify Context-Faithful Experts” first.'));
  const items = finished.map(run => ({ label: run.id, ...describe(run), run }));
  const choice = await vscode.window.showQuickPick(items, {
    title: t('Router Lens: Run'),
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return choice?.run;
}

function describe({ record: { model, datasets, results } }: Run): { description: string; detail: string } {
  const { base, tuned } = results;
  const score =
    base && tuned ? t('exact match {0} → {1} %', base.em.toFixed(1), tuned.em.toFixed(1)) : undefined;
  return {
    description: [model.name, score].filter(Boolean).join(' · '),
    detail: datasets.map(({ split, path, used }) => `${split}: ${path} (${used})`).join(' · '),
  };
}
