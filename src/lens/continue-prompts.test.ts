/** @file The text that generated tokens cover. */
import path from 'node:path';

import { expect, it } from 'vitest';

import { scratchFolder } from '../../test/helpers/scratch';
import { byteTokenId, writeTinyCheckpoint } from '../../test/helpers/tiny-checkpoint';
import { Tokenizer } from '../model/tokenizer/tokenizer';
import { generatedText } from './continue-prompts';

const tokenizer = Tokenizer.load(writeTinyCheckpoint(path.join(scratchFolder(), 'tiny')));
const bytes = (text: string): number[] => [...Buffer.from(text)].map(byteTokenId);
const assistant = 3;

it('gives each token its characters; tokens within a character all cover it', () => {
  const { text, offsets } = generatedText(tokenizer, assistant, bytes('né€!'));
  expect(text).toBe('né€!');
  expect(offsets.map(([start, end]) => text.slice(start, end))).toEqual([
    ...['n', 'é', 'é', '€', '€', '€', '!'],
  ]);
});

it('has text for special tokens, and for a character that was never finished', () => {
  const [first] = bytes('é');
  const { text, offsets } = generatedText(tokenizer, assistant, [...bytes('a'), assistant, first]);
  expect(text).toBe('a<|assistant|>\ufffd');
  expect(offsets).toEqual([
    [0, 1],
    [1, 14],
    [14, 15],
  ]);
});

it('keeps the space before the first word where a decoder drops that of a whole text', () => {
  const words = ['▁The', '▁end', '▁of'];
  const decode = (ids: readonly number[]): string =>
    ids
      .map(id => words[id].replace('▁', ' '))
      .join('')
      .trimStart();
  expect(generatedText({ decode }, 0, [1, 2])).toEqual({
    text: ' end of',
    offsets: [
      [0, 4],
      [4, 7],
    ],
  });
});

it('is empty where nothing was generated', () => {
  expect(generatedText(tokenizer, assistant, [])).toEqual({ text: '', offsets: [] });
});
