/** @file Messages between the extension and the Comparison panel. Both ends validate what they receive. */
import * as v from 'valibot';

import { AnswerScoresSchema, ExpertListSchema, MetricLineSchema, RunRecordSchema } from './artifacts';
import { SaveFileMessageSchema } from './save-file';

export const ComparedRunSchema = v.object({
  /** Absolute path. */
  folder: v.string(),
  record: RunRecordSchema,
  metrics: v.array(MetricLineSchema),
  /** The experts that the run found, or that it trained. */
  experts: v.optional(ExpertListSchema),
  /** Answers without a context, if an analysis of forgetting has this run: of the run, and of the untuned model. */
  closed_book: v.optional(v.object({ base: AnswerScoresSchema, tuned: AnswerScoresSchema })),
});
export type ComparedRun = v.InferOutput<typeof ComparedRunSchema>;

/** Extension → panel. Nothing is sent before the panel said `ready`. */
export const ToComparisonPanelSchema = v.variant('type', [
  v.object({ type: v.literal('show'), runs: v.array(ComparedRunSchema) }),
  /** Nothing can be shown; `text` is one line that says why and what to do. */
  v.object({ type: v.literal('error'), text: v.string() }),
]);
export type ToComparisonPanel = v.InferOutput<typeof ToComparisonPanelSchema>;

/** Panel → extension. */
export const FromComparisonPanelSchema = v.variant('type', [
  v.object({ type: v.literal('ready') }),
  SaveFileMessageSchema,
]);
export type FromComparisonPanel = v.InferOutput<typeof FromComparisonPanelSchema>;

/** What the page keeps over a reload: folders. */
export const ComparisonPanelStateSchema = v.object({ runs: v.array(v.string()) });
export type ComparisonPanelState = v.InferOutput<typeof ComparisonPanelStateSchema>;
