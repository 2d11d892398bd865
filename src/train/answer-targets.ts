/** @file Which positions of a batch count for the loss: those that predict the answer and the end-of-sequence token. */
import type { Batch } from '../data/batches';
import type { LossTargets } from '../model/head-sessions';
import { rowStarts } from '../model/packed-batch';

export function answerTargets(batch: Batch): LossTargets {
  const rows: number[] = [];
  const targets: number[] = [];
  const starts = rowStarts(batch);
  batch.answerSpans.forEach(([first, end], row) => {
    for (let position = starts[row] + first; position < starts[row] + end; position++) {
      rows.push(position - 1);
      targets.push(batch.inputIds[position]);
    }
  });
  return { rows, targets };
}
