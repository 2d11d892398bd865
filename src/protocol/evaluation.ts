/** @file What evaluation writes: scores, predictions, the answer of a job. */
import * as v from 'valibot';

import {
  AnswerScoresSchema,
  DatasetIdentitySchema,
  ModelIdentitySchema,
  RunRecordSchema,
  SCHEMA_VERSION,
} from './artifacts';

const index = v.pipe(v.number(), v.integer(), v.minValue(0));

/** A statistic over samples with its 95 % bootstrap interval; null where it is not defined for any sample. */
export const EstimateSchema = v.object({
  value: v.nullable(v.number()),
  low: v.nullable(v.number()),
  high: v.nullable(v.number()),
  /** Samples for which it is defined. */
  samples: index,
});
export type Estimate = v.InferOutput<typeof EstimateSchema>;

const interval = v.tuple([v.number(), v.number()]);

/** Exact match and F1 in percent with 95 % bootstrap intervals. */
export const ScoresSchema = v.object({
  ...AnswerScoresSchema.entries,
  em_interval: interval,
  f1_interval: interval,
  /** Percent of answers that are the one from memory, over samples that have such (`original_answer`). */
  memory_answers: v.optional(EstimateSchema),
});
export type Scores = v.InferOutput<typeof ScoresSchema>;

export const PredictionSchema = v.object({
  /** Number of the sample in its file, from 0. */
  sample: index,
  prediction: v.string(),
  answers: v.array(v.string()),
  /** Percent. */
  em: v.number(),
  f1: v.number(),
  /** Whether the answer is the one from memory; absent if the sample does not say what memory says. */
  from_memory: v.optional(v.boolean()),
});
export type Prediction = v.InferOutput<typeof PredictionSchema>;

/** What `evaluate` writes. */
export const EvaluationSchema = v.object({
  schema_version: v.literal(SCHEMA_VERSION),
  ...ScoresSchema.entries,
  settings: v.record(v.string(), v.unknown()),
  model: ModelIdentitySchema,
  dataset: DatasetIdentitySchema,
  engine: RunRecordSchema.entries.engine,
  seconds: v.number(),
  predictions: v.array(PredictionSchema),
});
export type Evaluation = v.InferOutput<typeof EvaluationSchema>;

/** What `evaluate` answers. */
export const EvaluationAnswerSchema = v.object({
  evaluation: EvaluationSchema,
  /** Paths of result, table and picture. */
  files: v.array(v.string()),
});
export type EvaluationAnswer = v.InferOutput<typeof EvaluationAnswerSchema>;
