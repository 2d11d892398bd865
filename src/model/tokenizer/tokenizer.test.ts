/** @file What holds for every text, and what users are told about files that cannot be used. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import fc from 'fast-check';
import * as v from 'valibot';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { InputError } from '../../common/errors';
import { Tokenizer } from './tokenizer';

const fixture = path.resolve(import.meta.dirname, '../../../test/fixtures/tokenizer-components.json');
const { bases } = v.parse(
  v.object({ bases: v.object({ byte: v.looseObject({ model: v.looseObject({}) }) }) }),
  JSON.parse(readFileSync(fixture, 'utf8')),
);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tokenizer-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(name: string, content: unknown): void {
  writeFileSync(path.join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
}

/** The byte-level tokenizer of the fixture, with changes. */
function load(changes: Record<string, unknown> = {}): Tokenizer {
  write('tokenizer.json', { ...bases.byte, ...changes });
  return Tokenizer.load(folder);
}

/** The message of the InputError that `run` throws. */
function complaint(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  throw new Error('no error');
}

/** Letters of many scripts, combining marks, whitespace of all kinds, surrogate pairs, special tokens. */
const anyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('<|user|>', '  '),
    ),
  )
  .map(parts => parts.join(''));

describe('byte-level tokenizers', () => {
  test('decoding undoes encoding', () => {
    const tokenizer = load();
    fc.assert(
      fc.property(anyText, fc.boolean(), (text, specialTokensInText) => {
        expect(tokenizer.decode(tokenizer.encode(text, { specialTokensInText }).ids)).toBe(text);
      }),
    );
  });

  test('decoding gives the normalised text', () => {
    const tokenizer = load({ normalizer: { type: 'NFC' } });
    fc.assert(
      fc.property(anyText, text => {
        expect(tokenizer.decode(tokenizer.encode(text).ids)).toBe(text.normalize('NFC'));
      }),
    );
  });

  test('offsets are in order and cover the text without gaps', () => {
    const tokenizer = load();
    fc.assert(
      fc.property(anyText, text => {
        const { ids, offsets } = tokenizer.encode(text);
        expect(offsets).toHaveLength(ids.length);
        let [previousStart, covered] = [0, 0];
        for (const [start, end] of offsets) {
          expect(end).toBeGreaterThan(start);
          expect(start).toBeGreaterThanOrEqual(previousStart);
          expect(start).toBeLessThanOrEqual(covered);
          expect(end).toBeGreaterThanOrEqual(covered);
          [previousStart, covered] = [start, end];
        }
        expect(covered).toBe(text.length);
      }),
    );
  });

  test('half a surrogate pair counts as one unknown character', () => {
    const tokenizer = load();
    const { ids, offsets } = tokenizer.encode('\ud800a');
    expect(tokenizer.decode(ids)).toBe('\ufffda');
    expect(offsets.at(-1)).toEqual([1, 2]);
  });

  test('a word of 20,000 letters', () => {
    const text = 'sleeps'.repeat(3334);
    const tokenizer = load();
    expect(tokenizer.decode(tokenizer.encode(text).ids)).toBe(text);
  });
});

test('ids outside of the vocabulary are left out', () => {
  const tokenizer = load();
  expect(tokenizer.decode([-1, ...tokenizer.encode('red fox').ids, 1_000_000])).toBe('red fox');
});

describe('special tokens', () => {
  test('tokenizer_config.json counts before special_tokens_map.json', () => {
    write('tokenizer_config.json', { eos_token: { content: '<|end|>' }, pad_token: null });
    write('special_tokens_map.json', { eos_token: '<|user|>', bos_token: '<|user|>' });
    const tokenizer = load();
    expect([tokenizer.eosTokenId, tokenizer.bosTokenId, tokenizer.padTokenId]).toEqual([0, 1, undefined]);
  });

  test('none', () => {
    const tokenizer = load();
    expect([tokenizer.eosTokenId, tokenizer.bosTokenId, tokenizer.padTokenId]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('chat template', () => {
  const messages = [{ role: 'user', content: 'Where?' }];
  const template = '{% for m in messages %}{{ m.role }}: {{ m.content }}{{ eos_token }}{% endfor %}';
  const render = (): string => load().renderChat(messages, { addGenerationPrompt: false });

  test('is the one named "default" of several', () => {
    write('tokenizer_config.json', {
      eos_token: { content: '<|end|>' },
      chat_template: [
        { name: 'tool_use', template: 'wrong' },
        { name: 'default', template },
      ],
    });
    expect(render()).toBe('user: Where?<|end|>');
  });

  test('may be a file of its own', () => {
    write('tokenizer_config.json', { eos_token: '<|end|>', chat_template: 'wrong' });
    write('chat_template.jinja', template);
    expect(render()).toBe('user: Where?<|end|>');
  });

  test.each([
    ['none', undefined, /has no chat template/],
    ['refuses the messages', '{{ raise_exception("no such role") }}', /cannot be rendered \(.*no such role/],
    ['not valid', '{% if %}', /cannot be rendered/],
    ['too long', 'x'.repeat(250_001), /longer than 250000 characters/],
  ])('%s', (_, chat_template, expected) => {
    write('tokenizer_config.json', { chat_template });
    expect(complaint(render)).toMatch(expected);
  });
});

describe('files that cannot be used', () => {
  test('no tokenizer.json', () => {
    expect(complaint(() => Tokenizer.load(folder))).toMatch(/tokenizer\.json does not exist/);
  });

  test.each([
    ['tokenizer.json', '{"model":\n'],
    ['tokenizer_config.json', '{'],
  ])('%s is not JSON', (name, content) => {
    write('tokenizer.json', bases.byte);
    write(name, content);
    expect(complaint(() => Tokenizer.load(folder))).toBe(
      `${path.join(folder, name)} is not valid JSON. Download the file again.`,
    );
  });

  test.each([
    [{ normalizer: { type: 'Precompiled' } }, /normalizer "Precompiled" is not supported/],
    [{ normalizer: { type: 'Prepend' } }, /normalizer Prepend: "prepend"/],
    [
      { pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'BertPreTokenizer' }] } },
      /pre-tokenizer "BertPreTokenizer" is not supported/,
    ],
    [
      { pre_tokenizer: { type: 'Split', pattern: { Regex: '(' }, behavior: 'Isolated' } },
      /regular expression "\(" is not supported/,
    ],
    [{ post_processor: { type: 'BertProcessing' } }, /post-processor "BertProcessing" is not supported/],
    [{ decoder: { type: 'WordPiece' } }, /decoder "WordPiece" is not supported/],
    [{ decoder: {} }, /a decoder has no "type"/],
    [{ model: { type: 'Unigram' } }, /model "Unigram" is not supported/],
    [{ model: { type: 'BPE', vocab: { a: 0.5 }, merges: [] } }, /the id of token "a" is not a whole number/],
    [{ model: { type: 'BPE', vocab: { a: 0 }, merges: ['a b'] } }, /merge 0 uses a token that is not in/],
    [{ model: { type: 'BPE', vocab: { a: 0 }, merges: ['a'] } }, /merge 0 is not a pair/],
    [{ model: { type: 'BPE', vocab: { a: 0 }, merges: [], unk_token: '?' } }, /unk_token "\?" is not in/],
    [{ added_tokens: [{ id: -1, content: 'x' }] }, /"added_tokens\.0\.id"/],
  ])('%j', (changes, expected) => {
    const message = complaint(() => load(changes));
    expect(message).toMatch(expected);
    expect(message).toContain(path.join(folder, 'tokenizer.json'));
    expect(message).not.toContain('\n');
  });
});
