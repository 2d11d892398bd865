/** @file Prompts and what a model continues them by, for traces. */
import type { Span } from '../data/spans';
import { generateGreedily } from '../model/generate';
import type { Model } from '../model/model';
import type { PassOptions } from '../model/pass-options';
import type { Tokenizer } from '../model/tokenizer/tokenizer';
import type { LazyTokenizer } from './dataset';

/** Greedy continuations of at most `maxNewTokens` tokens; the end-of-sequence token, which ends them, is left out. */
export async function continuePrompts(
  model: Model,
  tokenizer: LazyTokenizer,
  prompts: readonly (readonly number[])[],
  { maxNewTokens, ...options }: PassOptions & { maxNewTokens: number },
): Promise<number[][]> {
  if (maxNewTokens === 0) return prompts.map(() => []);
  const { eosTokenId } = tokenizer.get();
  const continuations = await generateGreedily(model, prompts, { ...options, maxNewTokens, eosTokenId });
  // The last position predicts a token that has none itself and could not be traced.
  const { maxPositions } = model.architecture;
  return continuations.map((ids, row) => ids.slice(0, maxPositions - prompts[row].length));
}

/**
 * The text of generated tokens, and the characters of it that each covers. Tokens that are parts of one character all
 * cover it.
 * @param previous the token before them: some decoders leave out the space before a text's first word
 */
export function generatedText(
  tokenizer: Pick<Tokenizer, 'decode'>,
  previous: number,
  generated: readonly number[],
): { text: string; offsets: Span[] } {
  const decoded = Array.from({ length: generated.length + 1 }, (_, count) =>
    tokenizer.decode([previous, ...generated.slice(0, count)]),
  );
  const whole = decoded[generated.length];
  // Where a token ends within a character, what was decoded so far ends in a replacement character.
  const settled = decoded.map(text => commonLength(text, whole));
  const start = settled[0];
  const offsets = generated.map((_, token): Span => {
    const end = settled.find((length, count) => count > token && length === decoded[count].length);
    return [settled[token] - start, (end ?? whole.length) - start];
  });
  return { text: whole.slice(start), offsets };
}

function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}
