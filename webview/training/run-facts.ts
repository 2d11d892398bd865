/** @file The headline numbers of a training while it goes on. */
import { t } from '@vscode/l10n';
import * as v from 'valibot';

import type { MetricLine, RunRecord } from '../../src/protocol/artifacts';
import { TrainingSettingsSchema } from '../../src/protocol/jobs';
import { bytes, duration, integer, percent } from '../shared/format';
import type { Headline } from '../shared/headline-list';
import { isEvaluation, isStep } from '../shared/training-curves';

/** Steps of the whole training: of a finished one as recorded, else what settings and samples make. */
export function expectedSteps({ settings, datasets, results }: RunRecord): number | undefined {
  if (results.steps !== undefined) return results.steps;
  const samples = datasets.find(({ split }) => split === 'train')?.used;
  const parsed = v.safeParse(TrainingSettingsSchema, settings);
  if (samples === undefined || !parsed.success) return undefined;
  const { max_steps, epochs, batch_size, grad_accumulation } = parsed.output;
  return max_steps ?? Math.max(1, Math.round(epochs * Math.ceil(samples / (batch_size * grad_accumulation))));
}

/** Updates that are done. */
export function stepsDone(lines: readonly MetricLine[]): number {
  return lines.reduce((done, line) => Math.max(done, isEvaluation(line) ? line.step : line.step + 1), 0);
}

/** Newest values, and the best where that is what is kept. Only what was measured. */
export function headlines(record: RunRecord, lines: readonly MetricLine[]): Headline[] {
  const step = lines.findLast(isStep);
  const evaluations = lines.filter(isEvaluation);
  const last = evaluations.at(-1);
  const total = expectedSteps(record);
  const found: Headline[] = [
    {
      name: t('Step'),
      value: integer(stepsDone(lines)),
      note: total === undefined ? '' : t('of {0}', integer(total)),
    },
  ];
  if (step) found.push({ name: t('Loss'), value: step.loss.toFixed(3), note: t('nats, newest batch') });
  if (last) {
    const best = evaluations.reduce((a, b) => (b.loss < a.loss ? b : a));
    found.push({
      name: t('Loss on {0}', last.split),
      value: last.loss.toFixed(3),
      note: t('lowest {0} after step {1}', best.loss.toFixed(3), integer(best.step)),
    });
  }
  if (last?.em !== undefined)
    found.push({
      name: t('EM on {0}', last.split),
      value: last.em.toFixed(1),
      note: last.f1 === undefined ? t('percent') : t('percent; F1 {0}', last.f1.toFixed(1)),
    });
  if (step) found.push({ name: t('Speed'), value: integer(step.tokens_per_s), note: t('tokens per second') });
  const memory = step?.memory ?? record.memory.peak_resident;
  if (memory !== undefined)
    found.push({
      name: t('Memory'),
      value: bytes(memory),
      note: step?.memory === undefined ? t('at the highest') : t('in use'),
    });
  return [...found, ...finished(record)];
}

/** What is known only at the end. */
function finished({ results, timings, model }: RunRecord): Headline[] {
  const { base, tuned, trainable_parameters: trained } = results;
  const seconds = Object.values(timings).reduce((sum, value) => sum + value, 0);
  return [
    ...(tuned
      ? [
          {
            name: t('Exact match'),
            value: base ? `${base.em.toFixed(1)} → ${tuned.em.toFixed(1)}` : tuned.em.toFixed(1),
            note: t('percent of {0} test samples', integer(tuned.samples)),
          },
        ]
      : []),
    ...(trained === undefined
      ? []
      : [
          {
            name: t('Trainable parameters'),
            value: integer(trained),
            note: model.parameters === 0 ? '' : t('{0} of the model', percent(trained / model.parameters)),
          },
        ]),
    ...(seconds > 0 ? [{ name: t('Time'), value: duration(seconds), note: t('all phases') }] : []),
  ];
}

/** How fast steps are done, from what the page saw itself: a resumed run has a pause in its past. */
export class Pace {
  private first: { steps: number; time: number } | undefined;
  private last: { steps: number; time: number } | undefined;

  /** @param time milliseconds */
  saw(steps: number, time: number): void {
    this.first ??= { steps, time };
    if (this.last === undefined || steps > this.last.steps) this.last = { steps, time };
  }

  /** Seconds until `total` steps are done; undefined before two steps were seen to be made. */
  remaining(total: number): number | undefined {
    if (!this.first || !this.last || this.last.steps < this.first.steps + 2) return undefined;
    const perStep = (this.last.time - this.first.time) / 1000 / (this.last.steps - this.first.steps);
    return Math.max(0, total - this.last.steps) * perStep;
  }
}
