/** @file The families that are supported. A new one is a file of its own and a line here. */
import type { Architecture } from '../architecture';
import { deepseekV2 } from './deepseek-v2';
import { gptOss } from './gpt-oss';
import { granitemoe } from './granitemoe';
import { minicpmMoe } from './minicpm-moe';
import { mixtral } from './mixtral';
import { olmoe } from './olmoe';
import { qwen2Moe } from './qwen2-moe';
import { qwen3Moe } from './qwen3-moe';

export interface Family {
  readonly name: string;
  /** Values of `model_type` in `config.json`. */
  readonly modelTypes: readonly string[];
  /**
   * The architecture that a parsed `config.json` asks for.
   * @throws v.ValiError if a field is missing or has a value that the family does not know
   */
  describe(config: unknown): Architecture;
}

export const families: readonly Family[] = [
  olmoe,
  mixtral,
  qwen2Moe,
  qwen3Moe,
  granitemoe,
  minicpmMoe,
  deepseekV2,
  gptOss,
];

export function familyOf(modelType: string): Family | undefined {
  return families.find(({ modelTypes }) => modelTypes.includes(modelType));
}
