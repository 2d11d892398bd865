/** @file Requests and results of the jobs, shared by the command line, the worker and the extension. */
import * as v from 'valibot';

import { ContextDependenceSchema, ExpertListSchema, RunRecordSchema } from './artifacts';
import { executionProviders } from './execution-providers';
import { ParametrisationSchema } from './finetune-methods';

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const positive = v.pipe(v.number(), v.gtValue(0));

/** Settings of router tuning and fine-tuning (METHOD steps 1 and 3) with the paper's defaults. */
export const TrainingSettingsSchema = v.object({
  parametrisation: ParametrisationSchema,
  /** Whether routers' biases train with their weights (families whose routers have a bias; not with LoRA). */
  train_router_bias: v.optional(v.boolean(), true),
  lora_r: v.optional(count, 8),
  lora_alpha: v.optional(positive, 32),
  lora_dropout: v.optional(v.pipe(v.number(), v.minValue(0), v.ltValue(1)), 0.1),
  epochs: v.optional(positive, 3),
  /** Ends training after this many steps, whatever `epochs` says. */
  max_steps: v.optional(count),
  batch_size: v.optional(count, 8),
  grad_accumulation: v.optional(count, 1),
  lr: v.optional(positive, 5e-4),
  schedule: v.optional(v.picklist(['cosine', 'linear', 'constant']), 'cosine'),
  warmup_ratio: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1)), 0.1),
  weight_decay: v.optional(v.pipe(v.number(), v.minValue(0)), 0),
  /** Largest gradient norm; 0 switches clipping off. */
  clip: v.optional(v.pipe(v.number(), v.minValue(0)), 1),
  seed: v.optional(v.pipe(v.number(), v.integer()), 0),
  shuffle: v.optional(v.boolean(), true),
  max_seq_length: v.optional(count, 300),
  /**
   * What says which evaluation on the dev set is the best, whose parameters are kept: the lowest loss, or the highest
   * exact match (among equals the lowest loss).
   */
  select: v.optional(v.picklist(['loss', 'em']), 'loss'),
  /** Answers to the dev set are scored at every evaluation, even where the loss selects: each takes its decoding. */
  dev_answers: v.optional(v.boolean(), false),
  /** Training ends after this many evaluations (every tenth of the run) without a new best. Default: it goes on. */
  patience: v.optional(count),
  /** The state is saved after every so many updates, beside every tenth of the run. */
  checkpoint_every: v.optional(count),
  /** Factor of the load-balancing loss of the routers; 0: none, as in the paper. */
  load_balancing: v.optional(v.pipe(v.number(), v.minValue(0)), 0),
});
export type TrainingSettings = v.InferOutput<typeof TrainingSettingsSchema>;

/** Settings of the engine. */
export const EngineSettingsSchema = v.object({
  /** 0: as many as there are cores, one for small models. */
  threads: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
  /** Gigabytes (10⁹ bytes) that weights and activations may take; 0: half of the machine's memory. */
  memory_budget: v.optional(v.pipe(v.number(), v.minValue(0)), 0),
  execution_provider: v.optional(v.picklist(executionProviders), 'cpu'),
});
export type EngineSettings = v.InferOutput<typeof EngineSettingsSchema>;
export type EngineSettingsInput = v.InferInput<typeof EngineSettingsSchema>;

/** What every job that trains is given. */
export const TuningRequestSchema = v.object({
  model: v.string(),
  train: v.string(),
  dev: v.optional(v.string()),
  test: v.optional(v.string()),
  /** Training, dev and test samples used at most (seeded choice). */
  limit_train: v.optional(count),
  limit_dev: v.optional(count),
  limit_test: v.optional(count),
  training: v.optional(TrainingSettingsSchema, {}),
  engine: v.optional(EngineSettingsSchema, {}),
  /** The run folder to write; must not exist or be empty, unless a run is resumed. */
  out: v.string(),
  /** Goes on with the interrupted run in `out`. */
  resume: v.optional(v.boolean(), false),
});
export type TuningRequest = v.InferOutput<typeof TuningRequestSchema>;

export const IdentifyRequestSchema = v.object({
  ...TuningRequestSchema.entries,
  /** Experts listed for each layer; default: the model's `num_experts_per_tok`. */
  k: v.optional(count),
});
export type IdentifyRequest = v.InferOutput<typeof IdentifyRequestSchema>;
export type IdentifyRequestInput = v.InferInput<typeof IdentifyRequestSchema>;

export const IdentifyResultSchema = v.object({
  run_folder: v.string(),
  run: RunRecordSchema,
  context_dependence: ContextDependenceSchema,
  report: v.string(),
});
export type IdentifyResult = v.InferOutput<typeof IdentifyResultSchema>;

/** Where a prompt comes from. */
export const PromptSourceSchema = v.variant('kind', [
  /** Free text: wrapped as the user's turn of the chat template. */
  v.object({ kind: v.literal('text'), text: v.string() }),
  /** Sample number `index` of a dataset file. */
  v.object({
    kind: v.literal('sample'),
    file: v.string(),
    index: v.pipe(v.number(), v.integer(), v.minValue(0)),
  }),
]);
export type PromptSource = v.InferOutput<typeof PromptSourceSchema>;

/** Routing of one prompt for the panel and the hovers. */
export const TraceRequestSchema = v.object({
  model: v.string(),
  /** A run whose routers give the tuned side and whose CE are marked. */
  run: v.optional(v.string()),
  source: PromptSourceSchema,
  /** Limit of the prompt. */
  max_seq_length: v.optional(count, 4096),
  /**
   * Tokens that the prompt is continued by at most, greedily and by the tuned model where there is one; they take the
   * place of a sample's answer. 0: the prompt is traced as it is.
   */
  max_new_tokens: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
  /** Experts that are switched off, in the base and in the tuned model, by layer; the name is for people. */
  mask: v.optional(v.object({ name: v.string(), experts: ExpertListSchema })),
  engine: v.optional(EngineSettingsSchema, {}),
});
export type TraceRequest = v.InferOutput<typeof TraceRequestSchema>;
export type TraceRequestInput = v.InferInput<typeof TraceRequestSchema>;

/** What `inspect` says of a folder. `supported` is false with at least one line in `problems`. */
export const CheckpointSummarySchema = v.object({
  path: v.string(),
  name: v.string(),
  model_type: v.string(),
  family: v.optional(v.string()),
  supported: v.boolean(),
  problems: v.array(v.string()),
  num_layers: v.optional(v.number()),
  moe_layers: v.optional(v.array(v.number())),
  num_experts: v.optional(v.number()),
  top_k: v.optional(v.number()),
  hidden_size: v.optional(v.number()),
  vocabulary: v.optional(v.number()),
  parameters: v.optional(v.number()),
  /** Bytes of all weight files. */
  bytes: v.optional(v.number()),
  /** Most common weight type, e.g. `BF16`. */
  dtype: v.optional(v.string()),
});
export type CheckpointSummary = v.InferOutput<typeof CheckpointSummarySchema>;

export const ProgressSchema = v.object({
  /** What is being done, e.g. `Router tuning`. */
  phase: v.string(),
  /** Of the whole job, 0 to 1, never falling. */
  fraction: v.number(),
  /** Detail, e.g. `step 12 of 300, loss 0.71`. */
  detail: v.string(),
  eta_seconds: v.optional(v.number()),
});
export type Progress = v.InferOutput<typeof ProgressSchema>;

/** What a job gets from its face. */
export interface JobHooks {
  progress?: (progress: Progress) => void;
  log?: (line: string) => void;
  signal?: AbortSignal;
}
