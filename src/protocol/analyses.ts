/** @file What evaluation and the analyses are asked for, and how the files are called that they write. */
import * as v from 'valibot';

import { EngineSettingsSchema } from './jobs';

/** Files of an analysis, in its run folder. */
export const analysisFiles = {
  result: 'analysis.json',
  table: 'analysis.csv',
  figure: 'analysis.svg',
  /** Attention of one sample, token by token. */
  tokensTable: 'tokens.csv',
  tokensFigure: 'tokens.svg',
} as const;

export const analysisKinds = [
  'attention',
  'logit-lens',
  'reliance',
  'masking',
  'patterns',
  'transfer',
  'forgetting',
  'cost',
] as const;
export type AnalysisKind = (typeof analysisKinds)[number];

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const index = v.pipe(v.number(), v.integer(), v.minValue(0));
const files = v.pipe(v.array(v.string()), v.minLength(1, 'at least one is needed'));

/** What every evaluation needs. */
const common = {
  model: v.string(),
  /** Of the choice of samples, of what is drawn, of the bootstrap. */
  seed: v.optional(v.pipe(v.number(), v.integer()), 0),
  /** Samples drawn from each dataset at most. */
  limit: v.optional(count),
  max_seq_length: v.optional(count, 300),
  engine: v.optional(EngineSettingsSchema, {}),
  /** `evaluate`: the result file. `analyze`: the run folder, which must not exist or be empty. */
  out: v.string(),
};

const listedExperts = {
  /** The `context-dependence.json` that lists the experts; default: that of the run, if it has one. */
  experts: v.optional(v.string()),
};

export const EvaluateRequestSchema = v.object({
  ...common,
  data: v.string(),
  /** A run whose weights are used instead of the checkpoint's. */
  run: v.optional(v.string()),
  /** A list of experts that are switched off. */
  mask: v.optional(v.string()),
});
export type EvaluateRequest = v.InferOutput<typeof EvaluateRequestSchema>;
export type EvaluateRequestInput = v.InferInput<typeof EvaluateRequestSchema>;

export const AnalyzeRequestSchema = v.variant('kind', [
  v.object({
    kind: v.literal('attention'),
    ...common,
    data: v.string(),
    run: v.string(),
    /** The sample of the file, counted from 0, whose attention is shown by token; default: the first that is used. */
    sample: v.optional(index),
  }),
  v.object({ kind: v.literal('logit-lens'), ...common, data: v.string(), run: v.string() }),
  v.object({ kind: v.literal('reliance'), ...common, data: v.string(), run: v.optional(v.string()) }),
  v.object({
    kind: v.literal('masking'),
    ...common,
    data: v.string(),
    run: v.string(),
    ...listedExperts,
    /** Further lists of experts to mask. */
    masks: v.optional(v.array(v.string()), []),
    /** Random lists of as many experts a layer as there are CE. */
    random: v.optional(index, 3),
  }),
  v.object({
    kind: v.literal('patterns'),
    ...common,
    data: files,
    run: v.string(),
    ...listedExperts,
    limit: v.optional(count, 1000),
  }),
  v.object({ kind: v.literal('transfer'), ...common, data: files, runs: files }),
  v.object({ kind: v.literal('forgetting'), ...common, data: v.string(), runs: files }),
  v.object({ kind: v.literal('cost'), ...common, runs: files }),
]);
export type AnalyzeRequest = v.InferOutput<typeof AnalyzeRequestSchema>;
export type AnalyzeRequestInput = v.InferInput<typeof AnalyzeRequestSchema>;
export type AnalyzeRequestOf<K extends AnalysisKind> = Extract<AnalyzeRequest, { kind: K }>;
