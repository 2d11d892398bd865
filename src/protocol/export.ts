/** @file Request and result of an export of what a run made of a model. */
import * as v from 'valibot';

export const exportFormats = ['safetensors', 'peft'] as const;
export const exportTypes = ['as-stored', 'f32', 'bf16'] as const;
export const exportLayouts = ['transformers4', 'transformers5'] as const;

export const ExportRequestSchema = v.object({
  model: v.string(),
  /** A run folder with tuned weights of the model. */
  run: v.string(),
  /** `safetensors`: a complete checkpoint with the tuned weights in it. `peft`: the low-rank additions alone. */
  format: v.picklist(exportFormats),
  /** The folder to write; must not exist or be empty. */
  out: v.string(),
  /** Of `safetensors`: the type of all weights. Default: each as the checkpoint stores it. */
  dtype: v.optional(v.picklist(exportTypes)),
  /** Of `peft`: the version of transformers whose module names the adapter has. Default: transformers4. */
  layout: v.optional(v.picklist(exportLayouts)),
});
export type ExportRequest = v.InferOutput<typeof ExportRequestSchema>;

export const ExportResultSchema = v.object({
  out: v.string(),
  format: v.picklist(exportFormats),
  /** Names of the files in `out`. */
  files: v.array(v.string()),
  /** Bytes of all of them. */
  bytes: v.number(),
  /** Stored tensors that hold tuned weights. */
  tensors: v.number(),
});
export type ExportResult = v.InferOutput<typeof ExportResultSchema>;
