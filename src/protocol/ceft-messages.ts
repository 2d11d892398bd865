/** @file Messages between the extension and the CEFT view. Both ends validate what they receive. */
import * as v from 'valibot';

import { RunRecordSchema } from './artifacts';
import { CeftChoicesSchema, CeftFormSchema } from './ceft-form';
import { EstimateResultSchema } from './estimate';
import { ProgressSchema } from './jobs';

const point = v.object({ step: v.number(), value: v.number() });

/** What is known of a training while it goes on, and of the last one afterwards. */
export const CeftTrainingSchema = v.object({
  /** `stopped`: cancelled, failed or interrupted; `resumable` says whether it can go on. */
  phase: v.picklist(['running', 'stopping', 'stopped', 'done']),
  title: v.string(),
  /** Folder of the run. */
  run: v.string(),
  resumable: v.boolean(),
  progress: v.optional(ProgressSchema),
  /** Why it stopped, one line. */
  error: v.optional(v.string()),
  /** Loss by step, thinned out. */
  loss: v.array(point),
  /** Exact match on the dev set in percent, where it is evaluated, else the dev loss. */
  dev: v.array(point),
  dev_is_em: v.boolean(),
  results: v.optional(RunRecordSchema.entries.results),
});
export type CeftTraining = v.InferOutput<typeof CeftTrainingSchema>;

/** The estimate of what the form stands for. */
export const CeftEstimateSchema = v.variant('state', [
  v.object({ state: v.literal('none') }),
  v.object({ state: v.literal('busy') }),
  /** `fresh`: the form still asks for the same. */
  v.object({ state: v.literal('done'), fresh: v.boolean(), result: EstimateResultSchema }),
  v.object({ state: v.literal('failed'), fresh: v.boolean(), error: v.string() }),
]);
export type CeftEstimate = v.InferOutput<typeof CeftEstimateSchema>;

/** Extension → view. Nothing is sent before the view said `ready`. */
export const ToCeftViewSchema = v.variant('type', [
  /** What the fields hold: once, and when the extension changes it. */
  v.object({ type: v.literal('form'), form: CeftFormSchema }),
  v.object({
    type: v.literal('show'),
    /** Only what is trusted may run. */
    trusted: v.boolean(),
    choices: CeftChoicesSchema,
    estimate: CeftEstimateSchema,
    training: v.optional(CeftTrainingSchema),
  }),
]);
export type ToCeftView = v.InferOutput<typeof ToCeftViewSchema>;

/** View → extension. */
export const FromCeftViewSchema = v.variant('type', [
  v.object({ type: v.literal('ready') }),
  v.object({ type: v.literal('change'), form: CeftFormSchema }),
  /** Buttons. */
  v.object({
    type: v.literal('do'),
    action: v.picklist(['estimate', 'start', 'stop', 'resume', 'open-training', 'select-model', 'identify']),
  }),
]);
export type FromCeftView = v.InferOutput<typeof FromCeftViewSchema>;
export type CeftAction = Extract<FromCeftView, { type: 'do' }>['action'];
