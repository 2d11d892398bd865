/** @file Request and result of an ablation: one prompt answered with experts switched off, or with other words. */
import * as v from 'valibot';

import { ExpertListSchema } from './artifacts';
import { EngineSettingsSchema, PromptSourceSchema } from './jobs';

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const probability = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

export const AblationVariantSchema = v.object({
  name: v.string(),
  /** Experts that are switched off, by layer. */
  mask: v.optional(ExpertListSchema),
  /** Takes the place of the text of a text source. */
  text: v.optional(v.string()),
  /** Takes the place of the context of a sample. */
  context: v.optional(v.string()),
});
export type AblationVariant = v.InferOutput<typeof AblationVariantSchema>;

export const AblateRequestSchema = v.object({
  model: v.string(),
  /** A run whose weights are used instead of the checkpoint's. */
  run: v.optional(v.string()),
  source: PromptSourceSchema,
  variants: v.pipe(v.array(AblationVariantSchema), v.minLength(1, 'at least one is needed')),
  /** Tokens of an answer at most; it is decoded greedily. */
  max_new_tokens: v.optional(count, 16),
  /** Limit of the prompt. */
  max_seq_length: v.optional(count, 4096),
  engine: v.optional(EngineSettingsSchema, {}),
});
export type AblateRequest = v.InferOutput<typeof AblateRequestSchema>;
export type AblateRequestInput = v.InferInput<typeof AblateRequestSchema>;

export const AblateResultSchema = v.object({
  /** The sample's answer; of a text, what the model says to it with all experts. */
  reference: v.string(),
  /** In the order of the request. */
  variants: v.array(
    v.object({
      name: v.string(),
      /** What is said, without the end-of-sequence token. */
      answer: v.string(),
      /** Joint probability of the tokens of what is said, the end-of-sequence token included where it was reached. */
      answer_probability: probability,
      /** Joint probability of the tokens of the reference, without an end-of-sequence token. */
      reference_probability: probability,
    }),
  ),
});
export type AblateResult = v.InferOutput<typeof AblateResultSchema>;
