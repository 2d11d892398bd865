/** @file Recognises quantised checkpoints, by `quantization_config` or by the tensors that quantisation leaves. */
import * as v from 'valibot';

const QuantisedConfigSchema = v.object({ quantization_config: v.looseObject({ quant_method: v.string() }) });

const names: Readonly<Record<string, string>> = {
  gptq: 'GPTQ',
  awq: 'AWQ',
  fp8: 'FP8',
  mxfp4: 'MXFP4',
  bitsandbytes: 'bitsandbytes',
  'compressed-tensors': 'compressed-tensors',
};

/** Tensors that only quantised checkpoints have. */
const traces: readonly [ending: RegExp, name: string][] = [
  [/_blocks$/, names.mxfp4],
  [/\.g_idx$/, names.gptq],
  [/\.qweight$/, 'GPTQ or AWQ'],
  [/\.weight_scale(_inv)?$/, names.fp8],
  [/\.weight\.(absmax|quant_map)$/, names.bitsandbytes],
];

/**
 * The method that a checkpoint is quantised with; undefined if its weights are plain numbers.
 * @param config parsed `config.json`
 */
export function quantisationMethod(config: unknown, tensors: Iterable<string>): string | undefined {
  const parsed = v.safeParse(QuantisedConfigSchema, config);
  if (parsed.success) {
    const { quant_method: method } = parsed.output.quantization_config;
    return names[method.toLowerCase()] ?? method;
  }
  const all = [...tensors];
  return traces.find(([ending]) => all.some(tensor => ending.test(tensor)))?.[1];
}
