/** @file `adapter_config.json` of PEFT: what it says of the additions to a model, and what of it is understood. */
import { readFileSync } from 'node:fs';

import * as v from 'valibot';

import { InputError } from '../../common/errors';
import { withInputErrors } from '../../common/file-access';
import type { AdapterLayout, AdapterPlace } from './adapter-places';

export interface AdapterSettings {
  /** Rows of A and columns of B. */
  readonly rank: number;
  /** The additions are alpha / rank · B · A. */
  readonly alpha: number;
  /** Probability with which an element of the input of A was dropped while the adapter was trained. */
  readonly dropout: number;
}

/** The content of the file for additions in some places. Fields that say nothing are those that PEFT writes, too. */
export function adapterConfig(
  { rank, alpha, dropout }: AdapterSettings,
  places: readonly AdapterPlace[],
  layout: AdapterLayout,
): unknown {
  const targets = (kind: AdapterPlace['target']['kind']): string[] => [
    ...new Set(places.flatMap(({ target }) => (target.kind === kind ? [target.name] : []))),
  ];
  const parameters = targets('parameters');
  // Side by side, the additions to several matrices of an expert have the rank of all of them together.
  const ofSeveral = (value: number): Record<string, number> =>
    Object.fromEntries(
      places.flatMap(({ target: { name, additions } }) =>
        additions > 1 ? [[name.split('.').slice(-2).join('.'), additions * value]] : [],
      ),
    );
  return {
    alpha_pattern: ofSeveral(alpha),
    auto_mapping: null,
    base_model_name_or_path: null,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    layer_replication: null,
    layers_pattern: null,
    layers_to_transform: null,
    loftq_config: {},
    lora_alpha: alpha,
    // PEFT knows no dropout of additions to parameters, and refuses such a configuration.
    lora_dropout: parameters.length > 0 || layout === 'transformers5' ? 0 : dropout,
    megatron_config: null,
    megatron_core: 'megatron.core',
    modules_to_save: null,
    peft_type: 'LORA',
    r: rank,
    rank_pattern: ofSeveral(rank),
    revision: null,
    target_modules: targets('modules'),
    ...(parameters.length > 0 ? { target_parameters: parameters } : {}),
    task_type: 'CAUSAL_LM',
    use_dora: false,
    use_rslora: false,
  };
}

const none = v.optional(v.literal(false), false);
const pattern = v.optional(v.record(v.string(), v.number()), {});
const positive = v.pipe(v.number(), v.gtValue(0));
const AdapterConfigSchema = v.object({
  peft_type: v.literal('LORA'),
  r: v.pipe(positive, v.integer()),
  lora_alpha: positive,
  lora_dropout: v.optional(v.number(), 0),
  rank_pattern: pattern,
  alpha_pattern: pattern,
  bias: v.optional(v.literal('none'), 'none'),
  use_dora: none,
  use_rslora: none,
  fan_in_fan_out: none,
});

/** @throws InputError if the adapter is none that adds alpha / rank · B · A to weights, with one factor for all */
export function readAdapterConfig(file: string): AdapterSettings {
  const text = withInputErrors(file, () => readFileSync(file, 'utf8'));
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), AdapterConfigSchema), text);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new InputError(
      `${file}: field "${v.getDotPath(issue) ?? '(whole file)'}": ${issue.message}. Only plain LoRA adapters are supported.`,
    );
  }
  const { r: rank, lora_alpha: alpha, lora_dropout: dropout, rank_pattern, alpha_pattern } = parsed.output;
  for (const module of new Set([...Object.keys(rank_pattern), ...Object.keys(alpha_pattern)])) {
    const scale = (alpha_pattern[module] ?? alpha) / (rank_pattern[module] ?? rank);
    if (scale !== alpha / rank) {
      throw new InputError(
        `${file}: "${module}" has another alpha / r (${scale}) than the rest (${alpha / rank}). Only one for all is supported.`,
      );
    }
  }
  return { rank, alpha, dropout };
}
