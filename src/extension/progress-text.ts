/** @file Progress and results of jobs in words. */
import type { RunRecord } from '../protocol/artifacts';
import type { Progress } from '../protocol/jobs';

/** One line for a progress notification. */
export function progressText({ phase, detail, eta_seconds }: Progress): string {
  const left = eta_seconds === undefined ? '' : `${durationText(eta_seconds)} left`;
  return [detail ? `${phase}: ${detail}` : phase, left].filter(Boolean).join(' – ');
}

/** Rounded as one says it: `40 s`, `3 min`, `2 h 10 min`. */
export function durationText(seconds: number): string {
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** What a finished identify job found, one line. */
export function identifyText({ model, results }: RunRecord): string {
  const where = `in ${model.moe_layers.length} layers of ${model.name}`;
  if (!results.base || !results.tuned) return `Context-faithful experts found ${where}.`;
  const { base, tuned } = results;
  return (
    `Context-faithful experts found ${where}. Router tuning: exact match ${base.em.toFixed(1)} → ` +
    `${tuned.em.toFixed(1)} %, F1 ${base.f1.toFixed(1)} → ${tuned.f1.toFixed(1)} % (${tuned.samples} test samples).`
  );
}
