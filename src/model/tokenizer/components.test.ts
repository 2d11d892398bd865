/** @file Every supported component of tokenizer.json against the reference library's results. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import * as v from 'valibot';
import { describe, expect, test } from 'vitest';

import { Tokenizer } from './tokenizer';

const fixture = path.resolve(import.meta.dirname, '../../../test/fixtures/tokenizer-components.json');

const encoding = v.object({ ids: v.array(v.number()), offsets: v.array(v.tuple([v.number(), v.number()])) });
const anyObject = v.record(v.string(), v.unknown());
const { bases, variants } = v.parse(
  v.object({
    bases: v.record(v.string(), v.looseObject({ model: anyObject })),
    variants: v.array(
      v.object({
        name: v.string(),
        base: v.string(),
        changes: anyObject,
        model: anyObject,
        cases: v.array(
          v.object({
            text: v.string(),
            plain: encoding,
            templated: v.optional(encoding),
            no_special: v.optional(encoding),
            decoded: v.string(),
            decoded_skip_special: v.string(),
          }),
        ),
        random: v.object({ ids: v.array(v.number()), decoded: v.string() }),
      }),
    ),
  }),
  JSON.parse(readFileSync(fixture, 'utf8')),
);

/** Loads a tokenizer.json from a folder of its own. */
function load(json: unknown): Tokenizer {
  const folder = mkdtempSync(path.join(tmpdir(), 'tokenizer-'));
  try {
    writeFileSync(path.join(folder, 'tokenizer.json'), JSON.stringify(json));
    return Tokenizer.load(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.each(variants)('$name', ({ base, changes, model, cases, random }) => {
  const json = bases[base];
  const tokenizer = load({ ...json, ...changes, model: { ...json.model, ...model } });

  test.each(cases)('$text', ({ text, plain, templated, no_special, decoded, decoded_skip_special }) => {
    const offsets = 'trimmed';
    expect(tokenizer.encode(text, { offsets })).toEqual(plain);
    expect(tokenizer.encode(text, { offsets, addSpecialTokens: true })).toEqual(templated ?? plain);
    expect(tokenizer.encode(text, { offsets, specialTokensInText: false })).toEqual(no_special ?? plain);
    expect(tokenizer.decode(plain.ids)).toBe(decoded);
    expect(tokenizer.decode(plain.ids, { skipSpecialTokens: true })).toBe(decoded_skip_special);
  });

  test('decodes any ids', () => {
    expect(tokenizer.decode(random.ids)).toBe(random.decoded);
  });
});
