/** @file Request and result of the question what goes to one expert: the tokens of a dataset that it weighs most in. */
import * as v from 'valibot';

import { EngineSettingsSchema } from './jobs';
import { TokenSpanSchema } from './routing-view';

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const index = v.pipe(v.number(), v.integer(), v.minValue(0));

export const ExpertExamplesRequestSchema = v.object({
  model: v.string(),
  /** A run whose weights give the tuned side. */
  run: v.optional(v.string()),
  /** Dataset file. */
  data: v.string(),
  layer: index,
  expert: index,
  /** Samples drawn from the dataset at most. */
  limit: v.optional(count, 100),
  /** Examples of each side at most. */
  top: v.optional(count, 20),
  max_seq_length: v.optional(count, 300),
  /** Of the choice of samples. */
  seed: v.optional(v.pipe(v.number(), v.integer()), 0),
  engine: v.optional(EngineSettingsSchema, {}),
});
export type ExpertExamplesRequest = v.InferOutput<typeof ExpertExamplesRequestSchema>;
export type ExpertExamplesRequestInput = v.InferInput<typeof ExpertExamplesRequestSchema>;

export const ExpertExampleSchema = v.object({
  /** Number of the sample in its file, from 0. */
  sample: index,
  /** Of the token in the sample, from 0. */
  position: index,
  /** What the expert's output is multiplied with. */
  weight: v.number(),
  span: TokenSpanSchema,
  /** Text around the token, as far as a line of a list holds it, and the token's own. */
  before: v.string(),
  text: v.string(),
  after: v.string(),
});
export type ExpertExample = v.InferOutput<typeof ExpertExampleSchema>;

/** Largest weight first; of equal weights in the order of the file. */
const ExamplesSchema = v.array(ExpertExampleSchema);

export const ExpertExamplesResultSchema = v.object({
  /** Samples and tokens that were looked at. */
  samples: index,
  tokens: index,
  /** Share of the tokens that are sent to the expert, 0 to 1. */
  used_base: v.number(),
  used_tuned: v.optional(v.number()),
  examples_base: ExamplesSchema,
  /** With a run. */
  examples_tuned: v.optional(ExamplesSchema),
});
export type ExpertExamplesResult = v.InferOutput<typeof ExpertExamplesResultSchema>;
