/** @file What the extension and its worker process say to each other. Both ends validate every message with these schemas. */
import * as v from 'valibot';

import { CancelledError, InputError, messageOf } from '../common/errors';
import { AblateRequestSchema, AblateResultSchema } from './ablation';
import { AnalyzeRequestSchema, EvaluateRequestSchema } from './analyses';
import { AnalyzeAnswerSchema } from './analysis-results';
import { AttentionHeadsRequestSchema, AttentionHeadsResultSchema } from './attention-heads';
import { EstimateRequestSchema, EstimateResultSchema } from './estimate';
import { EvaluationAnswerSchema } from './evaluation';
import { ExpertExamplesRequestSchema, ExpertExamplesResultSchema } from './expert-examples';
import { ExportRequestSchema, ExportResultSchema } from './export';
import { FinetuneRequestSchema, FinetuneResultSchema } from './finetune';
import {
  CheckpointSummarySchema,
  IdentifyRequestSchema,
  IdentifyResultSchema,
  ProgressSchema,
  TraceRequestSchema,
} from './jobs';
import { RoutingViewSchema } from './routing-view';

/** The requests that a worker serves: method name → schemas of parameters and result. */
export const engineMethods = {
  inspect: { params: v.object({ folder: v.string() }), result: CheckpointSummarySchema },
  estimate: { params: EstimateRequestSchema, result: EstimateResultSchema },
  identify: { params: IdentifyRequestSchema, result: IdentifyResultSchema },
  finetune: { params: FinetuneRequestSchema, result: FinetuneResultSchema },
  evaluate: { params: EvaluateRequestSchema, result: EvaluationAnswerSchema },
  analyze: { params: AnalyzeRequestSchema, result: AnalyzeAnswerSchema },
  exportRun: { params: ExportRequestSchema, result: ExportResultSchema },
  traceRouting: { params: TraceRequestSchema, result: RoutingViewSchema },
  ablate: { params: AblateRequestSchema, result: AblateResultSchema },
  attentionHeads: { params: AttentionHeadsRequestSchema, result: AttentionHeadsResultSchema },
  expertExamples: { params: ExpertExamplesRequestSchema, result: ExpertExamplesResultSchema },
} as const;

export type EngineMethod = keyof typeof engineMethods;
/** Parameters as the caller writes them: defaults may be left out. */
export type EngineParams<M extends EngineMethod> = v.InferInput<(typeof engineMethods)[M]['params']>;
/** Parameters as the worker takes them: with defaults. */
export type EngineRequest<M extends EngineMethod> = v.InferOutput<(typeof engineMethods)[M]['params']>;
export type EngineResult<M extends EngineMethod> = v.InferOutput<(typeof engineMethods)[M]['result']>;

const job = v.pipe(v.number(), v.integer(), v.minValue(0));

/** Every request: `job` is the caller's number for it, which progress refers to. */
export const JobMessageSchema = v.object({ job, params: v.unknown() });
export type JobMessage = v.InferOutput<typeof JobMessageSchema>;

/** Notifications of the worker. */
export const engineNotifications = { progress: 'progress', log: 'log' } as const;
export const ProgressMessageSchema = v.object({ job, progress: ProgressSchema });
export type ProgressMessage = v.InferOutput<typeof ProgressMessageSchema>;
export const LogMessageSchema = v.object({ line: v.string() });
export type LogMessage = v.InferOutput<typeof LogMessageSchema>;

/** Travels with the message of a failed request, so that the kind of the error survives the process border. */
export const FailureSchema = v.object({
  kind: v.picklist(['input', 'cancelled', 'internal']),
  stack: v.optional(v.string()),
});
export type Failure = v.InferOutput<typeof FailureSchema>;

/** @returns what has to travel with the message of `error` */
export function failureOf(error: unknown): Failure {
  if (error instanceof InputError) return { kind: 'input' };
  if (error instanceof CancelledError) return { kind: 'cancelled' };
  return { kind: 'internal', stack: error instanceof Error ? error.stack : messageOf(error) };
}

/** @returns the error that {@link failureOf} described, of the same class; `stack` is that of the other process. */
export function errorFrom(message: string, failure: Failure): Error {
  if (failure.kind === 'input') return new InputError(message);
  if (failure.kind === 'cancelled') return new CancelledError();
  const error = new Error(message);
  error.stack = failure.stack;
  return error;
}

/**
 * Validates what came from another process.
 * @param what names the message in the error
 * @throws Error (a bug of one of the two ends) that says which field is wrong
 */
export function parseMessage<S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  what: string,
): v.InferOutput<S> {
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new Error(`Invalid message ${what}: ${v.getDotPath(issue) ?? 'whole value'}: ${issue.message}`);
}
