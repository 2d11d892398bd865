/** @file Tokenizers against the reference library's ids, offsets, decoded texts and chat prompts. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';
import { describe, expect, test } from 'vitest';

import { Tokenizer } from '../../src/model/tokenizer/tokenizer';

const golden = path.resolve(import.meta.dirname, '../../../shared/golden');
const absent = !existsSync(golden);
const title = (name: string): string => (absent ? `${name} (skipped: no golden files)` : name);

const offsetsSchema = v.array(v.tuple([v.number(), v.number()]));

function readJson<TSchema extends v.GenericSchema>(
  schema: TSchema,
  ...parts: string[]
): v.InferOutput<TSchema> {
  return v.parse(schema, JSON.parse(readFileSync(path.join(golden, ...parts), 'utf8')));
}

const referenceCases = v.object({
  cases: v.array(
    v.object({
      text: v.string(),
      ids: v.array(v.number()),
      offsets_utf16: offsetsSchema,
      decoded: v.string(),
    }),
  ),
});

describe.skipIf(absent).each(['llama-like', 'qwen-like', 'olmoe', 'deepseek-like'])(
  title('tokenizer %s'),
  name => {
    const { cases } = absent ? { cases: [] } : readJson(referenceCases, 'tokenizers', name, 'cases.json');
    const tokenizer = absent ? undefined : Tokenizer.load(path.join(golden, 'tokenizers', name));

    test.each(cases)('$text', ({ text, ids, offsets_utf16, decoded }) => {
      expect(tokenizer?.encode(text, { offsets: 'trimmed' })).toEqual({ ids, offsets: offsets_utf16 });
      expect(tokenizer?.decode(ids)).toBe(decoded);
    });
  },
);

const variant = v.object({
  ids: v.array(v.number()),
  offsets_utf16: offsetsSchema,
  offsets_trimmed_utf16: offsetsSchema,
  decoded: v.string(),
  decoded_skip_special: v.string(),
});
const sharedCases = v.object({
  cases: v.array(v.object({ text: v.string(), with_special: variant, without_special: variant })),
  chat_cases: v.array(
    v.object({
      messages: v.array(v.object({ role: v.string(), content: v.string() })),
      add_generation_prompt: v.boolean(),
      text: v.string(),
      ids: v.array(v.number()),
    }),
  ),
});

describe.skipIf(absent)(title('tokenizer of the golden checkpoints'), () => {
  const { cases, chat_cases } = absent
    ? { cases: [], chat_cases: [] }
    : readJson(sharedCases, 'shared', 'tokenizer_cases.json');
  const tokenizer = absent ? undefined : Tokenizer.load(path.join(golden, 'shared', 'tokenizer'));

  describe.each([
    { specialTokensInText: true, key: 'with_special' as const },
    { specialTokensInText: false, key: 'without_special' as const },
  ])('$key', ({ specialTokensInText, key }) => {
    test.each(cases)('$text', ({ text, [key]: expected }) => {
      expect(tokenizer?.encode(text, { specialTokensInText })).toEqual({
        ids: expected.ids,
        offsets: expected.offsets_utf16,
      });
      expect(tokenizer?.encode(text, { specialTokensInText, offsets: 'trimmed' }).offsets).toEqual(
        expected.offsets_trimmed_utf16,
      );
      expect(tokenizer?.decode(expected.ids)).toBe(expected.decoded);
      expect(tokenizer?.decode(expected.ids, { skipSpecialTokens: true })).toBe(
        expected.decoded_skip_special,
      );
    });
  });

  test.each(chat_cases)('chat prompt: $text', ({ messages, add_generation_prompt, text, ids }) => {
    expect(tokenizer?.renderChat(messages, { addGenerationPrompt: add_generation_prompt })).toBe(text);
    expect(tokenizer?.encode(text).ids).toEqual(ids);
  });

  test('special tokens', () => {
    expect(tokenizer?.bosTokenId).toBe(0);
    expect(tokenizer?.eosTokenId).toBe(0);
    expect(tokenizer?.padTokenId).toBe(1);
    expect(tokenizer?.vocabularySize).toBe(512);
  });
});
