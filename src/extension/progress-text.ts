/** @file Progress and results of jobs in words. */
import { t } from '@vscode/l10n';

import type { RunRecord } from '../protocol/artifacts';
import type { Progress } from '../protocol/jobs';

/** One line for a progress notification. */
export function progressText({ phase, detail, eta_seconds }: Progress): string {
  const left = eta_seconds === undefined ? '' : t('{0} left', durationText(eta_seconds));
  return [detail ? `${phase}: ${detail}` : phase, left].filter(Boolean).join(' – ');
}

/** Rounded as one says it: `40 s`, `3 min`, `2 h 10 min`. */
export function durationText(seconds: number): string {
  if (seconds < 60) return t('{0} s', Math.max(0, Math.round(seconds)));
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return t('{0} min', minutes);
  return t('{0} h {1} min', Math.floor(minutes / 60), minutes % 60);
}

/** What a finished identify job found, one line. */
export function identifyText({ model, results }: RunRecord): string {
  const found = t(
    'Context-faithful experts found in {0} layers of {1}.',
    ...[model.moe_layers.length, model.name],
  );
  if (!results.base || !results.tuned) return found;
  const { base, tuned } = results;
  const gain = t(
    'Router tuning: exact match {0} → {1} %, F1 {2} → {3} % ({4} test samples).',
    ...[base.em, tuned.em, base.f1, tuned.f1].map(score => score.toFixed(1)),
    tuned.samples,
  );
  return `${found} ${gain}`;
}
