/** @file Schemas of the files in a run folder (`.router-lens/runs/<UTC time>-<job>/`). Keys of layers are strings, as in JSON. */
import * as v from 'valibot';

export const SCHEMA_VERSION = 1;

/** Names of the files of a run folder: each fact has one home. */
export const runFiles = {
  run: 'run.json',
  metrics: 'metrics.jsonl',
  ratios: 'ratios.jsonl',
  contextDependence: 'context-dependence.json',
  /** Tuned weights, by what was trained: routers, experts, all weights, or low-rank additions. */
  routers: 'routers.safetensors',
  experts: 'experts.safetensors',
  weights: 'weights.safetensors',
  /** Folder of a trained LoRA, in the layout of PEFT. */
  adapter: 'adapter',
  checkpoint: 'checkpoint',
  report: 'report.html',
} as const;

/** Folder of all runs, relative to the workspace folder. */
export const runsFolder = '.router-lens/runs';

/** Name of a new run's folder, sorted by time: `20261122T143000Z-identify`. */
export function runFolderName(job: string, time: Date): string {
  return `${time.toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '')}-${job}`;
}

const layerKey = v.pipe(v.string(), v.regex(/^\d+$/));
const index = v.pipe(v.number(), v.integer(), v.minValue(0));

/** Layer → one number for each expert. */
const perExpert = v.record(layerKey, v.array(v.number()));
/** Layer → a list of expert indices. */
export const ExpertListSchema = v.record(layerKey, v.array(index));
export type ExpertList = v.InferOutput<typeof ExpertListSchema>;

/** `context-dependence.json`: METHOD step 2, on the untuned (`base`) and the router-tuned (`tuned`) model. */
export const ContextDependenceSchema = v.object({
  schema_version: v.literal(SCHEMA_VERSION),
  /** Experts listed for each layer in `ce` and `oe`. */
  k: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** Experts that a token is sent to (`num_experts_per_tok`). */
  top_k: v.pipe(v.number(), v.integer(), v.minValue(1)),
  num_experts: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** Samples that the statistic was taken over. */
  samples: index,
  /** Share of a sample's routing that an expert gets, mean over samples; sums to 1 over the experts of a layer. */
  ratio: v.object({ base: perExpert, tuned: perExpert }),
  /** How many (token, slot) pairs went to an expert, over all samples. */
  count: v.object({ base: perExpert, tuned: perExpert }),
  /** Context-faithful experts: the k largest tuned ratios of a layer, largest first. */
  ce: ExpertListSchema,
  /** Original experts: the same on the untuned model. */
  oe: ExpertListSchema,
});
export type ContextDependence = v.InferOutput<typeof ContextDependenceSchema>;

/** Exact match and F1 in percent over `samples` (SQuAD normalisation, greedy decoding). */
export const AnswerScoresSchema = v.object({ em: v.number(), f1: v.number(), samples: index });
export type AnswerScores = v.InferOutput<typeof AnswerScoresSchema>;

/** A line of `metrics.jsonl`: a training step, or an evaluation (which has `split`). */
export const TrainingLineSchema = v.object({
  step: index,
  epoch: v.number(),
  /** Mean cross-entropy (nats) of the answer tokens of the batch, before this step's update. */
  loss: v.number(),
  lr: v.number(),
  /** The load-balancing loss of the routers, without its factor; only if it is trained on. */
  load_balancing: v.optional(v.number()),
  /** Global gradient norm before clipping. */
  grad_norm: v.number(),
  tokens_per_s: v.number(),
  /** Bytes in memory after the step, files' pages included. */
  memory: v.optional(v.number()),
});
export const EvaluationLineSchema = v.object({
  step: index,
  epoch: v.number(),
  split: v.string(),
  loss: v.number(),
  /** Exact match and F1 in percent, where the answers were scored. */
  em: v.optional(v.number()),
  f1: v.optional(v.number()),
  /** These are the best parameters so far: true or absent. */
  best: v.optional(v.literal(true)),
});
export const MetricLineSchema = v.union([EvaluationLineSchema, TrainingLineSchema]);
export type TrainingLine = v.InferOutput<typeof TrainingLineSchema>;
export type EvaluationLine = v.InferOutput<typeof EvaluationLineSchema>;
export type MetricLine = v.InferOutput<typeof MetricLineSchema>;

/** A line of `ratios.jsonl`: the ratio (METHOD step 2) over the dev set, with five digits. */
export const RatioLineSchema = v.object({
  /** Updates done; 0: the model as it is. */
  step: index,
  /** Share of a sample's routing that an expert gets, mean over samples. */
  ratio: perExpert,
});
export type RatioLine = v.InferOutput<typeof RatioLineSchema>;

export const RunStatusSchema = v.picklist(['running', 'done', 'failed', 'cancelled']);

/** What a model was, so that a run can be matched to it later. */
export const ModelIdentitySchema = v.object({
  path: v.string(),
  name: v.string(),
  family: v.string(),
  /** Bytes of all weight files. */
  bytes: index,
  /** SHA-256 of `config.json`. */
  config_sha256: v.string(),
  /** SHA-256 of the safetensors index, or of the header of the single weight file. */
  weights_sha256: v.string(),
  num_layers: index,
  moe_layers: v.array(index),
  num_experts: index,
  top_k: index,
  parameters: index,
});
export type ModelIdentity = v.InferOutput<typeof ModelIdentitySchema>;

export const DatasetIdentitySchema = v.object({
  split: v.string(),
  path: v.string(),
  bytes: index,
  sha256: v.string(),
  /** Samples in the file. */
  samples: index,
  /** Samples used, after the limit and after dropping those longer than `max_seq_length`. */
  used: index,
  /** Samples longer than `max_seq_length`. */
  dropped: index,
});
export type DatasetIdentity = v.InferOutput<typeof DatasetIdentitySchema>;

/** `run.json`. */
export const RunRecordSchema = v.object({
  schema_version: v.literal(SCHEMA_VERSION),
  job: v.string(),
  status: RunStatusSchema,
  /** ISO 8601, UTC. */
  created: v.string(),
  finished: v.optional(v.string()),
  /** One line, when `status` is `failed`. */
  error: v.optional(v.string()),
  /** All settings of the job incl. the seed, by their command-line names. */
  settings: v.record(v.string(), v.unknown()),
  model: ModelIdentitySchema,
  datasets: v.array(DatasetIdentitySchema),
  engine: v.object({
    router_lens: v.string(),
    onnxruntime: v.string(),
    node: v.string(),
    execution_provider: v.string(),
    threads: index,
    /** `resident` (weights converted to float32 in memory) or `mapped` (read from the file where used). */
    memory_mode: v.string(),
  }),
  /** Seconds, by phase. */
  timings: v.record(v.string(), v.number()),
  /** Bytes at the highest: of all that was in memory, files' pages included, and of what was the process's own. */
  memory: v.object({ peak_resident: v.optional(v.number()), peak_private: v.optional(v.number()) }),
  /** What was foreseen: seconds of all phases, bytes of private memory at the highest. */
  estimate: v.optional(v.object({ seconds: v.number(), memory: v.number() })),
  /** The experts that were trained, if only some were. */
  experts: v.optional(ExpertListSchema),
  results: v.object({
    trainable_parameters: v.optional(v.number()),
    steps: v.optional(v.number()),
    best_step: v.optional(v.number()),
    dev_loss: v.optional(v.number()),
    /** Exact match on the dev set in percent, where the answers were scored. */
    dev_em: v.optional(v.number()),
    base: v.optional(AnswerScoresSchema),
    tuned: v.optional(AnswerScoresSchema),
  }),
});
export type RunRecord = v.InferOutput<typeof RunRecordSchema>;
