/** @file Request and result of the attention of one token, head by head. */
import * as v from 'valibot';

import { TraceRequestSchema } from './jobs';
import { numbers } from './number-lists';

const index = v.pipe(v.number(), v.integer(), v.minValue(0));

/** As the prompt was traced, so that positions are the same. */
export const AttentionHeadsRequestSchema = v.object({
  ...TraceRequestSchema.entries,
  /** Position of the token that attends: in the prompt, or in what it was continued by. */
  token: index,
});
export type AttentionHeadsRequest = v.InferOutput<typeof AttentionHeadsRequestSchema>;
export type AttentionHeadsRequestInput = v.InferInput<typeof AttentionHeadsRequestSchema>;

/** [layer][head][token 0 to the one that attends]; a head's values sum to 1 (less with sinks). */
const HeadsSchema = v.array(v.array(numbers));

export const AttentionHeadsResultSchema = v.object({
  /** Layers of the first index. */
  layers: v.array(index),
  heads: index,
  base: HeadsSchema,
  /** With a run. */
  tuned: v.optional(HeadsSchema),
});
export type AttentionHeadsResult = v.InferOutput<typeof AttentionHeadsResultSchema>;
