/** @file The families that are supported. A new one is a file of its own and a line here. */
import type { Architecture } from '../architecture';
import { olmoe } from './olmoe';

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

export const families: readonly Family[] = [olmoe];

export function familyOf(modelType: string): Family | undefined {
  return families.find(({ modelTypes }) => modelTypes.includes(modelType));
}
