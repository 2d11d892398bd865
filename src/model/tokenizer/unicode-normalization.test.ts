/** @file Normalisation with alignment: the same text as the platform's, and known places. */
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { AlignedText } from './aligned-text';
import { type NormalizationForm, normalizeUnicode } from './unicode-normalization';

const forms: NormalizationForm[] = ['NFC', 'NFD', 'NFKC', 'NFKD'];

/** Marks of many classes, Hangul, ligatures and letters that decompose, packed densely. */
const denseText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...'aeqſ',
        'é',
        'ﬁ',
        'ệ',
        '각',
        '\u1100',
        '\u1161',
        '\u11a8',
        '\u0958',
        '\u1e9b',
        '\u0344',
      ),
      fc.integer({ min: 0x300, max: 0x36f }).map(code => String.fromCodePoint(code)),
      fc.string({ unit: 'binary', maxLength: 2 }),
    ),
  )
  .map(parts => parts.join(''));

test.each(forms)('%s equals String.prototype.normalize', form => {
  fc.assert(
    fc.property(denseText, text => {
      expect(normalizeUnicode(AlignedText.original(text), form).text).toBe(text.normalize(form));
    }),
    { numRuns: 500 },
  );
});

/** [original, form, spans of the normalised characters], worked out from the rules. */
test.each<[string, NormalizationForm, [number, number][]]>([
  [
    'xe\u0301y',
    'NFC',
    [
      [0, 1],
      [1, 2],
      [3, 4],
    ],
  ],
  [
    'é',
    'NFD',
    [
      [0, 1],
      [0, 1],
    ],
  ],
  [
    'ﬁ',
    'NFKC',
    [
      [0, 1],
      [0, 1],
    ],
  ],
  ['\u1112\u1161\u11ab', 'NFC', [[0, 1]]],
  [
    '😀e\u0301',
    'NFC',
    [
      [0, 2],
      [2, 3],
    ],
  ],
])('%j in %s', (text, form, spans) => {
  const normalized = normalizeUnicode(AlignedText.original(text), form);
  const found: [number, number][] = [];
  for (let at = 0; at < normalized.text.length;) {
    const length = String.fromCodePoint(normalized.text.codePointAt(at) ?? 0).length;
    found.push(normalized.originalSpan(at, at + length));
    at += length;
  }
  expect(found).toEqual(spans);
});
