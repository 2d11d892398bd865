/** @file What a job that trains would take, asked for before it starts. */
import * as v from 'valibot';

import { FinetuneRequestSchema } from './finetune';
import { IdentifyRequestSchema } from './jobs';

const index = v.pipe(v.number(), v.integer(), v.minValue(0));

/** The request of the job as it would be started; `out` is not looked at: nothing is written. */
export const EstimateRequestSchema = v.variant('job', [
  v.object({ job: v.literal('identify'), request: IdentifyRequestSchema }),
  v.object({ job: v.literal('finetune'), request: FinetuneRequestSchema }),
]);
export type EstimateRequest = v.InferOutput<typeof EstimateRequestSchema>;
export type EstimateRequestInput = v.InferInput<typeof EstimateRequestSchema>;

/** With `problems`, what could not be found out because of them is 0. */
export const EstimateResultSchema = v.object({
  /** Of all phases, from a small piece of each that was run. */
  seconds: v.number(),
  /** Private memory at the highest. */
  memory_bytes: v.number(),
  trainable_parameters: index,
  /** Updates. */
  steps: index,
  /** Samples that would be used, after the limits and after dropping those that are too long. */
  samples: v.object({ train: index, dev: v.optional(index), test: v.optional(index) }),
  /** Why the job would be refused, a line each; empty if it would run. */
  problems: v.array(v.string()),
});
export type EstimateResult = v.InferOutput<typeof EstimateResultSchema>;
