/** @file What can be fine-tuned, and what it is called. */
import * as v from 'valibot';

import type { RunRecord } from './artifacts';

/**
 * What trains: `ceft` context-faithful experts, `esft` original experts, `random` as many experts drawn at random, `rt`
 * routers, `fft` everything.
 */
export const finetuneMethods = ['ceft', 'esft', 'random', 'rt', 'fft'] as const;
export type FinetuneMethod = (typeof finetuneMethods)[number];

const methodNames: Record<FinetuneMethod, string> = {
  ceft: 'CEFT',
  esft: 'ESFT',
  random: 'random experts',
  rt: 'router-tuned',
  fft: 'FFT',
};
/** Whether weights train themselves, or low-rank additions to them. */
export const ParametrisationSchema = v.optional(v.picklist(['full', 'lora']), 'full');
const NamedSettingsSchema = v.object({
  method: v.picklist(finetuneMethods),
  parametrisation: ParametrisationSchema,
});

/** What a fine-tuning is called, by the settings of its run; undefined: they are of something else. */
export function finetuneName(settings: RunRecord['settings']): string | undefined {
  const parsed = v.safeParse(NamedSettingsSchema, settings);
  if (!parsed.success) return undefined;
  const { method, parametrisation } = parsed.output;
  return methodNames[method] + (parametrisation === 'lora' ? ' by LoRA' : '');
}
