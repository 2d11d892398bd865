/** @file Request and result of fine-tuning (METHOD step 3). */
import * as v from 'valibot';

import { RunRecordSchema } from './artifacts';
import { finetuneMethods } from './finetune-methods';
import { TuningRequestSchema } from './jobs';

export const FinetuneRequestSchema = v.object({
  ...TuningRequestSchema.entries,
  method: v.picklist(finetuneMethods),
  /**
   * Where the experts of `ceft` and `esft` come from, which need it: the `context-dependence.json` of a run, or for
   * `ceft` a list of experts.
   */
  experts: v.optional(v.string()),
  /**
   * Experts of each layer. `random`: default the model's `num_experts_per_tok`; `ceft` and `esft`: default those that
   * the `context-dependence.json` lists.
   */
  k: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  /** Type of the saved weights; low-rank additions are always saved in float32. */
  save_dtype: v.optional(v.picklist(['f32', 'bf16']), 'f32'),
});
export type FinetuneRequest = v.InferOutput<typeof FinetuneRequestSchema>;
export type FinetuneRequestInput = v.InferInput<typeof FinetuneRequestSchema>;

export const FinetuneResultSchema = v.object({
  run_folder: v.string(),
  run: RunRecordSchema,
  /** File or folder of what was trained. */
  weights: v.string(),
  report: v.string(),
});
export type FinetuneResult = v.InferOutput<typeof FinetuneResultSchema>;
