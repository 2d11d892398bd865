/** @file Request and result of fine-tuning (METHOD step 3). */
import * as v from 'valibot';

import { type RunRecord, RunRecordSchema } from './artifacts';
import { TrainingSettingsSchema, TuningRequestSchema } from './jobs';

/**
 * What trains: `ceft` context-faithful experts, `esft` original experts, `random` as many experts drawn at random, `rt`
 * routers, `fft` everything.
 */
export const finetuneMethods = ['ceft', 'esft', 'random', 'rt', 'fft'] as const;
export type FinetuneMethod = (typeof finetuneMethods)[number];

const methodNames: Record<FinetuneMethod, string> = {
  ceft: 'CEFT',
  esft: 'ESFT',
  random: 'random experts',
  rt: 'router-tuned',
  fft: 'FFT',
};
const NamedSettingsSchema = v.object({
  method: v.picklist(finetuneMethods),
  parametrisation: TrainingSettingsSchema.entries.parametrisation,
});

/** What a fine-tuning is called, by the settings of its run; undefined: they are of something else. */
export function finetuneName(settings: RunRecord['settings']): string | undefined {
  const parsed = v.safeParse(NamedSettingsSchema, settings);
  if (!parsed.success) return undefined;
  const { method, parametrisation } = parsed.output;
  return methodNames[method] + (parametrisation === 'lora' ? ' by LoRA' : '');
}

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
