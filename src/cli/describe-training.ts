/** @file The results of a training in a few lines. */
import type { RunRecord } from '../protocol/artifacts';

/**
 * @param tuned what the training made of the model
 * @param weights what was trained
 */
export function describeTraining({ results }: RunRecord, tuned: string, weights: string): string[] {
  const { trainable_parameters, steps, best_step, dev_loss, dev_em } = results;
  const em = dev_em === undefined ? '' : `, dev EM ${dev_em.toFixed(1)}`;
  const best =
    dev_loss === undefined ? '' : `; best after ${best_step}, dev loss ${dev_loss.toFixed(4)}${em}`;
  return [
    ...scores('base', results.base),
    ...scores(tuned, results.tuned),
    `trained        ${trainable_parameters?.toLocaleString('en')} ${weights}, ${steps} steps${best}`,
  ];
}

function scores(name: string, value: RunRecord['results']['base']): string[] {
  if (!value) return [];
  const { em, f1, samples } = value;
  return [`${name.padEnd(14)} EM ${em.toFixed(1)}  F1 ${f1.toFixed(1)}  (${samples} answers)`];
}
