/** @file Every word is one token, any other text is split and comes back whole, prompts are framed as in training. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Random } from '../src/common/random';
import { tokenizeSample } from '../src/data/tokenized-sample';
import { specialTokens } from './chat-format';
import { askKnown } from './questions';
import { loadTokenizers } from './testing/demo-tokenizer';
import { buildVocabulary, spacedWordIds } from './tokenizer-files';
import { allWords } from './words';
import { World } from './world';

const { ours, reference } = loadTokenizers();
const vocabulary = buildVocabulary();
const words = allWords();

describe('the vocabulary', () => {
  it('holds each word as one token, with a space before it and without', () => {
    expect(spacedWordIds(vocabulary)).toHaveLength(words.length);
    words.forEach((word, i) => {
      const { spaced, plain } = spacedWordIds(vocabulary)[i];
      for (const encode of [reference, (text: string) => ours.encode(text).ids]) {
        expect(encode(word)).toEqual([plain]);
        expect(encode(` ${word}`)).toEqual([spaced]);
      }
    });
  });

  it('numbers its tokens without gaps, special tokens first', () => {
    expect([...vocabulary.values()]).toEqual([...vocabulary.values()].map((_, i) => i));
    expect([...vocabulary.keys()].slice(0, 4)).toEqual([...specialTokens]);
    expect(ours.vocabularySize).toBe(vocabulary.size);
    expect([ours.eosTokenId, ours.padTokenId, ours.bosTokenId]).toEqual([0, 1, undefined]);
  });

  it('is small', () => {
    expect(vocabulary.size).toBeLessThan(2000);
  });
});

describe('the tokenizer', () => {
  it('brings back any text, as the reference does', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.array(fc.constantFrom(...words, ' ', '.', '\n', 'x')).map(parts => parts.join('')),
    );
    const property = fc.property(text, value => {
      const { ids } = ours.encode(value);
      expect(ids).toEqual(reference(value));
      expect(ours.decode(ids)).toBe(value);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('frames a question as the published prompt in the chat format', () => {
    const sample = askKnown({ world: new World(1), random: new Random(2) }, true);
    const { inputIds, spans } = tokenizeSample(ours, {
      context: sample.context,
      question: sample.question,
      answers: [sample.answer],
    });
    const text = `<|endoftext|><|user|>\nBased on the context below, output the correct answer for the following question.\n\nContext:\n${sample.context}\n\nQuestion:\n${sample.question}\n<|assistant|>\n${sample.answer}<|endoftext|>`;
    expect(inputIds).toEqual(reference(text));
    expect(ours.decode(inputIds.slice(...spans.answer))).toBe(`${sample.answer}<|endoftext|>`);
  });
});
