/** @file What the analyses write: `analysis.json` of each kind, and the answer of a job. */
import * as v from 'valibot';

import type { AnalysisKind } from './analyses';
import { AnswerScoresSchema, ExpertListSchema, RunRecordSchema, SCHEMA_VERSION } from './artifacts';
import { EstimateSchema, ScoresSchema } from './evaluation';

const index = v.pipe(v.number(), v.integer(), v.minValue(0));

/** [layer] */
const byLayer = v.array(EstimateSchema);
const result = { schema_version: v.literal(SCHEMA_VERSION) };

/** Attention from the last prompt token to a span: mean over heads, sum over the span's tokens, by layer. */
const SpanAttentionSchema = v.object({
  base: byLayer,
  tuned: byLayer,
  /** (tuned − base) / base of the means over samples. */
  gain: byLayer,
  /** The mean over samples of each sample's gain. */
  mean_of_gains: byLayer,
});
export type SpanAttention = v.InferOutput<typeof SpanAttentionSchema>;

const matrix = v.array(v.array(v.number()));

/** Attention from the last prompt token to each token of a prompt. */
export const TokenAttentionSchema = v.object({
  /** Number of the sample in its file, from 0. */
  sample: index,
  tokens: v.array(v.object({ text: v.string(), in_context: v.boolean(), in_answer: v.boolean() })),
  /** [layer][token], mean over heads. */
  base: matrix,
  tuned: matrix,
});
export type TokenAttention = v.InferOutput<typeof TokenAttentionSchema>;

export const AttentionResultSchema = v.object({
  ...result,
  kind: v.literal('attention'),
  /** Absent if no sample marks its context. */
  context: v.optional(SpanAttentionSchema),
  /** Answer tokens inside the context; absent if no context holds its answer. */
  answer: v.optional(SpanAttentionSchema),
  tokens: TokenAttentionSchema,
});

/** Probability of the first answer token at the last prompt token, read off the hidden state after each layer. */
export const LogitLensResultSchema = v.object({
  ...result,
  kind: v.literal('logit-lens'),
  /** Read off the input of the first layer. */
  embedding: EstimateSchema,
  base: byLayer,
  tuned: byLayer,
  /** tuned − base. */
  gain: byLayer,
});

const RelianceOfVariantSchema = v.object({
  name: v.string(),
  /** Mean over samples of the mean over the sample's answer tokens, nats. */
  mean: EstimateSchema,
  /** The same by position in the answer. */
  by_position: v.array(EstimateSchema),
});

/** Log-probability of each answer token with the context minus without it, nats. */
export const RelianceResultSchema = v.object({
  ...result,
  kind: v.literal('reliance'),
  variants: v.array(RelianceOfVariantSchema),
  samples: v.array(
    v.object({
      sample: index,
      tokens: v.array(v.string()),
      /** By variant: [answer token], nats. */
      with_context: matrix,
      without_context: matrix,
    }),
  ),
});

export const MaskingResultSchema = v.object({
  ...result,
  kind: v.literal('masking'),
  conditions: v.array(
    v.object({
      name: v.string(),
      /** Experts that were switched off. */
      masked: ExpertListSchema,
      scores: ScoresSchema,
      /** EM minus EM of the tuned model without a mask, paired by sample. */
      em_change: EstimateSchema,
    }),
  ),
});

export const PatternsResultSchema = v.object({
  ...result,
  kind: v.literal('patterns'),
  method: v.string(),
  /** The experts whose activations are the coordinates, by layer. */
  experts: ExpertListSchema,
  datasets: v.array(v.string()),
  samples: v.array(
    v.object({
      /** Position in `datasets`. */
      dataset: index,
      /** Number of the sample in its file, from 0. */
      sample: index,
      /** Place in the plane. */
      x: v.number(),
      y: v.number(),
      /** Share of the sample's routing that goes to each expert, layer by layer in the order of `experts`. */
      activations: v.array(v.number()),
    }),
  ),
});

export const TransferResultSchema = v.object({
  ...result,
  kind: v.literal('transfer'),
  /** What the models were tuned on. */
  rows: v.array(v.object({ name: v.string(), run: v.string() })),
  /** What they were evaluated on. */
  columns: v.array(v.object({ name: v.string(), base: ScoresSchema })),
  /** [row][column] */
  cells: v.array(
    v.array(v.object({ scores: ScoresSchema, em_gain: EstimateSchema, f1_gain: EstimateSchema })),
  ),
});

export const ForgettingResultSchema = v.object({
  ...result,
  kind: v.literal('forgetting'),
  variants: v.array(
    v.object({
      name: v.string(),
      run: v.optional(v.string()),
      scores: ScoresSchema,
      /** EM minus EM of the untuned model, paired by sample. */
      em_change: EstimateSchema,
    }),
  ),
});

export const CostResultSchema = v.object({
  ...result,
  kind: v.literal('cost'),
  /** Parameters of the model. */
  parameters: index,
  runs: v.array(
    v.object({
      name: v.string(),
      run: v.string(),
      trainable_parameters: v.optional(v.number()),
      steps: v.optional(v.number()),
      training_seconds: v.optional(v.number()),
      total_seconds: v.number(),
      /** Bytes at the highest: of all that was in memory, files' pages included, and of what was the process's own. */
      peak_resident: v.optional(v.number()),
      peak_private: v.optional(v.number()),
      tuned: v.optional(AnswerScoresSchema),
    }),
  ),
});

/** `analysis.json`. */
export const AnalysisResultSchema = v.variant('kind', [
  AttentionResultSchema,
  LogitLensResultSchema,
  RelianceResultSchema,
  MaskingResultSchema,
  PatternsResultSchema,
  TransferResultSchema,
  ForgettingResultSchema,
  CostResultSchema,
]);
export type AnalysisResult = v.InferOutput<typeof AnalysisResultSchema>;
export type AnalysisResultOf<K extends AnalysisKind> = Extract<AnalysisResult, { kind: K }>;

/** What `analyze` answers. */
export const AnalyzeAnswerSchema = v.object({
  run_folder: v.string(),
  run: RunRecordSchema,
  result: AnalysisResultSchema,
  /** Paths of the numbers and pictures. */
  files: v.array(v.string()),
});
export type AnalyzeAnswer = v.InferOutput<typeof AnalyzeAnswerSchema>;
