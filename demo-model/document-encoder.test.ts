/** @file Training rows have the ids that the tokenizer gives for the same text. */
import { expect, test } from 'vitest';

import { Random } from '../src/common/random';
import { DocumentEncoder } from './document-encoder';
import { defaultDocumentOptions, generateDocument, memoryMix, readingMix } from './documents';
import { loadTokenizers } from './testing/demo-tokenizer';
import { buildVocabulary } from './tokenizer-files';
import { World } from './world';

const encoder = new DocumentEncoder(buildVocabulary());
const weights = { answer: 1, context: 0.02, passage: 0.5 };

test.each([
  ['reading', readingMix],
  ['memory', memoryMix],
])('documents of the %s mix', (_, mix) => {
  const { ours, reference } = loadTokenizers();
  const world = new World(1);
  const random = new Random(2);
  for (let i = 0; i < 300; i++) {
    const pieces = generateDocument(world, random, { ...defaultDocumentOptions, level: i / 299, mix });
    const text = pieces.map(piece => piece.text).join('');
    const row = encoder.encode(pieces, weights);
    expect(row.ids).toEqual(ours.encode(text).ids);
    expect(row.ids).toEqual(reference(text));
    expect(ours.decode(row.ids)).toBe(text);
    expect(row.weights).toEqual(
      pieces.flatMap(piece => ours.encode(piece.text).ids.map(() => weights[piece.kind])),
    );
  }
});

test('a word that is no token is an error', () => {
  expect(() => encoder.encode([{ text: 'The zebra.', kind: 'passage' }], weights)).toThrow(/" zebra"/);
});
