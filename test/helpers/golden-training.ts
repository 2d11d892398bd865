/** @file Golden trainings: what they were trained on and how, to be followed step by step. */
import type * as v from 'valibot';

import type { TokenizedSample } from '../../src/data/tokenized-sample';
import type { TrainingSettingsSchema } from '../../src/protocol/jobs';
import { goldenTensors } from './golden';

export interface GoldenTraining {
  lr: number;
  steps: number;
  losses: number[];
  losses_after: number[];
  trainable: string[];
  micro_batches: { input_ids: number[][]; lengths: number[]; answer_spans: [number, number][] }[];
}

/** Settings of {@link trainingSamples} that make the golden batches, learning rate and optimiser. */
export function replaySettings(golden: GoldenTraining): v.InferInput<typeof TrainingSettingsSchema> {
  return {
    lr: golden.lr,
    schedule: 'constant',
    clip: 0,
    batch_size: golden.micro_batches[0].input_ids.length,
    max_steps: golden.steps,
    shuffle: false,
  };
}

/** Rows of the micro-batches, in the order in which consecutive batches go through them. */
export function trainingSamples({ micro_batches }: GoldenTraining): TokenizedSample[] {
  return micro_batches.flatMap(({ input_ids, lengths, answer_spans }) =>
    input_ids.map((ids, row) => ({
      inputIds: ids.slice(0, lengths[row]),
      spans: { answer: answer_spans[row] },
    })),
  );
}

/** The golden trace's rows: the samples of `method.json`. */
export function traceRows(family: string): number[][] {
  const trace = goldenTensors(family, 'expected/trace.safetensors');
  const lengths = Array.from(trace.readInt('lengths'), Number);
  const ids = Array.from(trace.readInt('input_ids'), Number);
  const longest = ids.length / lengths.length;
  return lengths.map((length, b) => ids.slice(b * longest, b * longest + length));
}
