/** @file The Runs view in words and icons: what a run was, how it ended, what it found. */
import { t } from '@vscode/l10n';

import type { RunRecord } from '../../protocol/artifacts';
import { finetuneName } from '../../protocol/finetune-methods';
import type { RunState } from '../../protocol/training-panel';
import { durationText } from '../progress-text';
import type { EvaluationRun } from './evaluations';

/** What a folder of runs holds: a run with its record, or an evaluation. */
export interface RunFacts {
  folder: string;
  id: string;
  record: RunRecord;
  state: RunState;
  /** Names of the files and folders in it. */
  files: readonly string[];
}

export const stateIcons: Record<RunState, { icon: string; colour: string }> = {
  running: { icon: 'sync~spin', colour: 'charts.blue' },
  done: { icon: 'pass', colour: 'testing.iconPassed' },
  failed: { icon: 'error', colour: 'testing.iconFailed' },
  cancelled: { icon: 'circle-slash', colour: 'testing.iconSkipped' },
  interrupted: { icon: 'debug-disconnect', colour: 'testing.iconQueued' },
};

export function stateText(state: RunState): string {
  switch (state) {
    case 'running':
      return t('running');
    case 'done':
      return t('done');
    case 'failed':
      return t('failed');
    case 'cancelled':
      return t('cancelled');
    case 'interrupted':
      return t('interrupted');
  }
}

/** @param held a process works on the run */
export function runState({ status }: RunRecord, held: boolean): RunState {
  return status === 'running' && !held ? 'interrupted' : status;
}

/** What was done: `Identify`, `CEFT by LoRA`, `Analysis: transfer`. */
export function runTitle({ job, settings }: Pick<RunRecord, 'job' | 'settings'>): string {
  if (job === 'identify') return t('Identify');
  if (job === 'finetune') return finetuneName(settings) ?? t('Fine-tuning');
  const [, kind] = /^analyze-(.+)$/.exec(job) ?? [];
  return kind === undefined ? job : t('Analysis: {0}', kind);
}

/** e.g. `EM 41.3 → 78.0 %`, or nothing before there are results. */
export function scoreText({ results: { base, tuned } }: Pick<RunRecord, 'results'>): string | undefined {
  if (!base) return undefined;
  const before = base.em.toFixed(1);
  return tuned ? t('EM {0} → {1} %', before, tuned.em.toFixed(1)) : t('EM {0} %', before);
}

/** Seconds from the beginning to the end; of a run that runs: until now. */
export function runSeconds({ created, finished, timings }: RunRecord, now: Date): number {
  const recorded = Object.values(timings).reduce((sum, seconds) => sum + seconds, 0);
  if (finished !== undefined && recorded > 0) return recorded; // a resumed run has a pause in it
  return Math.max(0, (Date.parse(finished ?? now.toISOString()) - Date.parse(created)) / 1000);
}

/** One line behind the title: state unless done, model, score, duration, beginning. */
export function runDescription({ record, state }: RunFacts, now = new Date()): string {
  return [
    ...(state === 'done' ? [] : [stateText(state)]),
    record.model.name,
    scoreText(record),
    ...(state === 'running' || state === 'done' ? [durationText(runSeconds(record, now))] : []),
    localTime(record.created),
  ]
    .filter(part => part !== undefined)
    .join(' · ');
}

/** All facts, a line each. */
export function runTooltip({ record, state, folder }: RunFacts, now = new Date()): string {
  const { model, datasets, results, settings, memory } = record;
  const scores = (name: string, side: typeof results.base): string[] =>
    side ? [t('{0}: exact match {1} %, F1 {2} %', name, side.em.toFixed(1), side.f1.toFixed(1))] : [];
  const shown = ['method', 'parametrisation', 'epochs', 'lr', 'batch_size', 'k', 'seed'];
  return [
    `${runTitle(record)}: ${stateText(state)}`,
    ...(record.error === undefined ? [] : [record.error]),
    t('Model: {0} ({1})', model.name, model.path),
    ...datasets.map(({ split, path, used }) => t('{0}: {1} ({2} samples)', split, path, used)),
    ...scores(t('Base'), results.base),
    ...scores(t('Tuned'), results.tuned),
    ...(results.trainable_parameters === undefined
      ? []
      : [t('{0} trainable parameters', results.trainable_parameters.toLocaleString('en'))]),
    shown.flatMap(name => (name in settings ? [`${name} ${String(settings[name])}`] : [])).join(', '),
    t('Begun {0}, {1}', localTime(record.created), durationText(runSeconds(record, now))),
    ...(memory.peak_private === undefined
      ? []
      : [t('Peak memory {0} GB', (memory.peak_private / 1e9).toFixed(2))]),
    folder,
  ]
    .filter(line => line !== '')
    .join('\n');
}

/**
 * Words that the menus ask for: the kind and state, and what can be done with it: `resumable`, `weights` (export),
 * `experts`, `training` (metrics), `report`, `files` (tables and pictures), `deletable`.
 */
export function runContext({ record, state, files }: RunFacts): string {
  const has = (name: string): boolean => files.includes(name);
  const trains = record.job === 'identify' || record.job === 'finetune';
  const ended = state !== 'running';
  return [
    'run',
    record.job,
    state,
    ...(trains && ended && state !== 'done' && has('checkpoint') ? ['resumable'] : []),
    ...(trains && state === 'done' ? ['weights'] : []),
    ...(has('context-dependence.json') ? ['experts'] : []),
    ...(has('metrics.jsonl') ? ['training'] : []),
    ...(has('report.html') ? ['report'] : []),
    ...(files.some(isTableOrPicture) ? ['files'] : []),
    ...(ended ? ['deletable'] : []),
  ].join(' ');
}

export function isTableOrPicture(name: string): boolean {
  return /\.(csv|svg)$/.test(name);
}

export function evaluationDescription({ evaluation }: EvaluationRun): string {
  const { model, em, dataset } = evaluation;
  return [model.name, t('EM {0} %', em.toFixed(1)), baseName(dataset.path)].join(' · ');
}

export function evaluationTooltip({ evaluation, folder }: EvaluationRun): string {
  const { model, em, em_interval, f1, f1_interval, dataset, settings, seconds, samples } = evaluation;
  const range = ([low, high]: readonly [number, number]): string => `${low.toFixed(1)}–${high.toFixed(1)}`;
  return [
    t('Evaluation: {0} answers', samples),
    t('Model: {0} ({1})', model.name, model.path),
    ...(typeof settings.run === 'string' ? [t('Weights: {0}', settings.run)] : [t('Weights: base model')]),
    ...(typeof settings.mask === 'string' ? [t('Masked: {0}', settings.mask)] : []),
    dataset.path,
    t('Exact match {0} % (95 %: {1})', em.toFixed(1), range(em_interval)),
    t('F1 {0} % (95 %: {1})', f1.toFixed(1), range(f1_interval)),
    durationText(seconds),
    folder,
  ].join('\n');
}

/** In the time and habits of this machine, e.g. `Nov 22, 14:30`. */
function localTime(iso: string): string {
  const options = {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
  } as const;
  return new Date(iso).toLocaleString('en', options);
}

function baseName(file: string): string {
  return file.split(/[/\\]/).at(-1) ?? file;
}
