/** @file What a checkpoint's own files say of it, without the engine. */
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';

import { t } from '@vscode/l10n';
import * as v from 'valibot';

import { sizeText } from '../workspace/model-text';

const count = v.pipe(v.number(), v.integer(), v.minValue(1));

/** The families call the same thing by different names; what is missing is none. */
const ConfigSchema = v.object({
  model_type: v.optional(v.string(), 'unknown'),
  num_hidden_layers: v.optional(count),
  num_experts: v.optional(count),
  num_local_experts: v.optional(count),
  n_routed_experts: v.optional(count),
  num_experts_per_tok: v.optional(count),
  torch_dtype: v.optional(v.string()),
  dtype: v.optional(v.string()),
});

export interface CheckpointConfig {
  modelType: string;
  layers?: number;
  /** Experts of a layer; absent: the model is no mixture of experts. */
  experts?: number;
  topK?: number;
  /** As the configuration has it, e.g. `bfloat16`. */
  dtype?: string;
  /** Bytes of all weight files. */
  bytes: number;
  /** Changes whenever the checkpoint does. */
  version: string;
}

/** @throws Error, one line, when `config.json` cannot be read */
export async function readCheckpointConfig(folder: string): Promise<CheckpointConfig> {
  const file = path.join(folder, 'config.json');
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), ConfigSchema), await readFile(file, 'utf8'));
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new Error(`config.json: ${v.getDotPath(issue) ?? t('whole file')}: ${issue.message}`);
  }
  const config = parsed.output;
  const names = (await readdir(folder)).filter(name => name.endsWith('.safetensors'));
  const sizes = await Promise.all(names.map(async name => (await stat(path.join(folder, name))).size));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  return {
    modelType: config.model_type,
    layers: config.num_hidden_layers,
    experts: config.num_experts ?? config.num_local_experts ?? config.n_routed_experts,
    topK: config.num_experts_per_tok,
    dtype: config.dtype ?? config.torch_dtype,
    bytes,
    version: `${(await stat(file)).mtimeMs}-${bytes}`,
  };
}

/** e.g. `olmoe · 16 layers · 64 experts, top-8 · 13.8 GB · bfloat16` */
export function configText(config: CheckpointConfig): string {
  const { modelType, layers, experts, topK, bytes, dtype } = config;
  return [
    modelType,
    ...(layers === undefined ? [] : [t('{0} layers', layers)]),
    experts === undefined
      ? t('not supported: no mixture of experts')
      : t('{0} experts, top-{1}', experts, topK ?? '?'),
    sizeText(bytes),
    ...(dtype === undefined ? [] : [dtype]),
  ].join(' · ');
}
