/** @file Answers of several variants of a model to the same samples, for the analyses that compare EM and F1. */
import { InputError } from '../../common/errors';
import type { Bar } from '../../figures/bar-panel';
import type { Cell } from '../../figures/csv';
import type { KeyEntry } from '../../figures/figure';
import { blue } from '../../figures/style';
import type { Prediction, Scores } from '../../protocol/evaluation';
import type { Dataset, LazyTokenizer, LoadedSample } from '../dataset';
import { predictAnswers } from '../evaluate';
import type { Variant } from '../variant';
import type { PassHooks } from './pass-hooks';

/** @throws InputError if there is nothing to compare answers with */
export function checkAnswered({ identity, samples }: Dataset): void {
  if (samples.some(({ source }) => source !== undefined)) return;
  throw new InputError(
    `${identity.path}: holds token ids only, so answers cannot be scored. Give {context, question, answer}.`,
  );
}

export function answersOf(
  { model, pass }: Variant,
  tokenizer: LazyTokenizer,
  samples: readonly LoadedSample[],
  hooks: PassHooks,
): Promise<Prediction[]> {
  return predictAnswers(model, tokenizer, samples, { ...pass, ...hooks });
}

export const scoreColumns = ['em', 'em_low', 'em_high', 'f1', 'f1_low', 'f1_high', 'samples'];

export function scoreCells({ em, em_interval, f1, f1_interval, samples }: Scores): Cell[] {
  return [em, ...em_interval, f1, ...f1_interval, samples];
}

const f1Colour = '#8fb8de';

/** Exact match and F1, one below the other. */
export function scoreBars({ em, em_interval, f1, f1_interval }: Scores): Bar[] {
  return [
    { colour: blue, value: em, interval: em_interval },
    { colour: f1Colour, value: f1, interval: f1_interval },
  ];
}

export const scoreKey: KeyEntry[] = [
  { name: 'exact match', colour: blue, mark: 'square' },
  { name: 'F1', colour: f1Colour, mark: 'square' },
];

export const percent = (value: number): string => value.toFixed(1);
