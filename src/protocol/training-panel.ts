/** @file Messages between the extension and the Training panel. Both ends validate what they receive. */
import * as v from 'valibot';

import { ContextDependenceSchema, MetricLineSchema, RatioLineSchema, RunRecordSchema } from './artifacts';
import { SaveFileMessageSchema } from './save-file';

/** `interrupted`: the record says that it runs, but nobody works on it. */
export const runStates = ['running', 'done', 'failed', 'cancelled', 'interrupted'] as const;
export type RunState = (typeof runStates)[number];

/** What the user may do with the run from the panel. */
export const trainingActions = ['stop', 'resume', 'report', 'experts'] as const;
export type TrainingAction = (typeof trainingActions)[number];

/** Extension → panel. Nothing is sent before the panel said `ready`. */
export const ToTrainingPanelSchema = v.variant('type', [
  /** The run's record and what it found; sent again when they change. */
  v.object({
    type: v.literal('run'),
    /** Absolute path: what the page keeps for a reload. */
    folder: v.string(),
    record: RunRecordSchema,
    state: v.picklist(runStates),
    /** Actions that make sense now. */
    actions: v.array(v.picklist(trainingActions)),
    context_dependence: v.optional(ContextDependenceSchema),
  }),
  /** `from_start`: these are all; otherwise they follow those sent before. */
  v.object({ type: v.literal('metrics'), lines: v.array(MetricLineSchema), from_start: v.boolean() }),
  /** Of the evaluations on the dev set; the same. */
  v.object({ type: v.literal('ratios'), lines: v.array(RatioLineSchema), from_start: v.boolean() }),
  /** Nothing (more) can be shown; `text` is one line that says why and what to do. */
  v.object({ type: v.literal('error'), text: v.string() }),
]);
export type ToTrainingPanel = v.InferOutput<typeof ToTrainingPanelSchema>;

/** Panel → extension. */
export const FromTrainingPanelSchema = v.variant('type', [
  v.object({ type: v.literal('ready') }),
  v.object({ type: v.literal('act'), action: v.picklist(trainingActions) }),
  SaveFileMessageSchema,
]);
export type FromTrainingPanel = v.InferOutput<typeof FromTrainingPanelSchema>;

/** What the page keeps over a reload. */
export const TrainingPanelStateSchema = v.object({ run: v.string() });
export type TrainingPanelState = v.InferOutput<typeof TrainingPanelStateSchema>;
