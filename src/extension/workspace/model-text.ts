/** @file A checkpoint in words. */
import { t } from '@vscode/l10n';

import type { CheckpointSummary } from '../../protocol/jobs';

/** e.g. `OLMoE · 16 layers × 64 experts, top-8 · 13.8 GB`, or why it is not supported. */
export function modelText(summary: CheckpointSummary): string {
  if (!summary.supported) return t('not supported: {0}', summary.problems[0] ?? t('unknown reason'));
  const layers = summary.moe_layers?.length ?? summary.num_layers;
  return [
    summary.family ?? summary.model_type,
    t('{0} layers × {1} experts, top-{2}', layers ?? '?', summary.num_experts ?? '?', summary.top_k ?? '?'),
    ...(summary.bytes === undefined ? [] : [sizeText(summary.bytes)]),
  ].join(' · ');
}

/** Decimal units with three digits, as disks are sold: `8.59 MB`. */
export function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, bytes > 0 ? Math.floor(Math.log10(bytes) / 3) : 0);
  const value = bytes / 1000 ** power;
  return power === 0 ? `${bytes} B` : `${value.toPrecision(3)} ${units[power]}`;
}
