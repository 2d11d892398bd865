/** @file Asks which runs are meant. */
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';

import { InputError } from '../../common/errors';
import type { RunState } from '../../protocol/training-panel';
import type { Run } from '../workspace/runs';
import { runDescription, runTitle } from './run-rows';

type StateOf = (run: Run) => RunState;

/** @returns the folder, or nothing when the user leaves. @throws InputError when there is no run to choose */
export async function pickRun(runs: readonly Run[], stateOf: StateOf): Promise<string | undefined> {
  return (await vscode.window.showQuickPick(itemsOf(runs, stateOf), options()))?.folder;
}

/** @returns one folder at least, or nothing when the user leaves. @throws InputError when there is no run to choose */
export async function pickRuns(runs: readonly Run[], stateOf: StateOf): Promise<string[] | undefined> {
  const several = { ...options(), canPickMany: true } as const;
  const chosen = await vscode.window.showQuickPick(itemsOf(runs, stateOf), several);
  return chosen && chosen.length > 0 ? chosen.map(({ folder }) => folder) : undefined;
}

function options(): vscode.QuickPickOptions {
  return { title: t('Router Lens: Run'), matchOnDescription: true, matchOnDetail: true };
}

function itemsOf(runs: readonly Run[], stateOf: StateOf): (vscode.QuickPickItem & { folder: string })[] {
  if (runs.length === 0)
    throw new InputError(t('There is no finished run: run “Identify Context-Faithful Experts” first.'));
  return runs.map(run => ({
    label: runTitle(run.record),
    description: runDescription({ ...run, state: stateOf(run), files: [] }),
    detail: run.id,
    folder: run.folder,
  }));
}
