/** @file A checkpoint in words. */
import path from 'node:path';

import { t } from '@vscode/l10n';

import type { CheckpointSummary } from '../../protocol/jobs';

/** e.g. `OLMoE · 16 layers × 64 experts, top-8 · 13.8 GB`, or why it is not supported. */
export function modelText(summary: CheckpointSummary): string {
  if (!summary.supported) {
    const [problem = t('unknown reason')] = summary.problems;
    return t('not supported: {0}', problemText(problem, summary.path));
  }
  const layers = summary.moe_layers?.length ?? summary.num_layers;
  return [
    summary.family ?? summary.model_type,
    t('{0} layers × {1} experts, top-{2}', layers ?? '?', summary.num_experts ?? '?', summary.top_k ?? '?'),
    ...(summary.bytes === undefined ? [] : [sizeText(summary.bytes)]),
  ].join(' · ');
}

/** A problem of a checkpoint, whose folder is known where this is read: its files go by their names. */
export function problemText(problem: string, folder: string): string {
  return problem.replaceAll(`${folder}${path.sep}`, '');
}

/** Decimal units with three digits, as disks are sold: `8.59 MB`. */
export function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, bytes > 0 ? Math.floor(Math.log10(bytes) / 3) : 0);
  const value = bytes / 1000 ** power;
  return power === 0 ? `${bytes} B` : `${value.toPrecision(3)} ${units[power]}`;
}
