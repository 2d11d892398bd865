/** @file Dataset files in every form, and what is said of those that are not. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { InputError } from '../common/errors';
import { readSamples } from './samples';

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'samples-'));
  file = path.join(folder, 'data.json');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(content: string | Uint8Array, options = {}) {
  writeFileSync(file, content);
  return readSamples(file, options);
}

function refusal(content: string | Uint8Array): string {
  try {
    read(content);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    const message = (error as Error).message;
    expect(message).not.toContain('\n');
    expect(message).toContain(file);
    return message;
  }
  throw new Error('was accepted');
}

const fox = { context: 'The fox sleeps.', question: 'Who sleeps?', answer: 'fox' };
const owl = {
  context: 'The owl\u2028wakes.',
  question: 'Who wakes?',
  answer: ['owl', 'The owl'],
  original_answer: 'fox',
};
const expected = [
  { context: fox.context, question: fox.question, answers: ['fox'] },
  { context: owl.context, question: owl.question, answers: ['owl', 'The owl'], originalAnswer: 'fox' },
];
const lines = [fox, owl].map(sample => JSON.stringify(sample));
const tokens = {
  input_ids: [5, 6, 7, 8],
  answer_span: [2, 4],
  context_span: [0, 2],
  answer_span_in_context: null,
};

describe('the forms of a dataset', () => {
  it.each<[string, string]>([
    ['JSON list on one line', JSON.stringify([fox, owl])],
    ['JSON list on many lines', JSON.stringify([fox, owl], null, 2)],
    ['JSON list with a byte order mark', `\ufeff${JSON.stringify([fox, owl], null, 2)}`],
    ['list inside an object', JSON.stringify({ samples: [fox, owl] })],
    ['JSONL', lines.join('\n')],
    ['JSONL with a final line end', `${lines.join('\n')}\n`],
    [
      'JSONL from Windows, with blank lines and a byte order mark',
      `\ufeff\r\n${lines.join('\r\n\r\n')}\r\n \r\n`,
    ],
  ])('%s', (_, content) => {
    const dataset = read(content);
    expect(dataset.samples).toEqual(expected);
    expect(dataset).toMatchObject({ path: file, bytes: statSync(file).size });
    expect(dataset.sha256).toBe(createHash('sha256').update(readFileSync(file)).digest('hex'));
  });

  it.each<[string, string]>([
    ['on one line', JSON.stringify({ samples: [tokens] })],
    ['on many lines', JSON.stringify({ samples: [tokens] }, null, 1)],
    ['as JSONL', JSON.stringify(tokens)],
  ])('samples as tokens, %s', (_, content) => {
    expect(read(content).samples).toEqual([
      { inputIds: [5, 6, 7, 8], spans: { answer: [2, 4], context: [0, 2] } },
    ]);
  });

  it('reads lines that are longer than a piece, and characters that a piece ends in', () => {
    const long = { ...fox, context: 'é€🦊'.repeat(300_000) };
    const dataset = read([long, fox, long].map(sample => JSON.stringify(sample)).join('\n'));
    expect(dataset.samples.map(sample => 'context' in sample && sample.context)).toEqual([
      long.context,
      fox.context,
      long.context,
    ]);
    expect(dataset.sha256).toBe(createHash('sha256').update(readFileSync(file)).digest('hex'));
  });

  it('takes an empty context for closed-book data only', () => {
    const closed = JSON.stringify([{ ...fox, context: '' }]);
    expect(read(closed, { allowEmptyContext: true }).samples).toEqual([{ ...expected[0], context: '' }]);
    expect(refusal(closed)).toContain('sample 0 (counted from 0): field "context" is empty');
  });
});

describe('files that hold no samples', () => {
  it.each<[string, string | Uint8Array, string]>([
    ['nothing', '', 'holds no samples'],
    ['blank lines', '\n \n', 'holds no samples'],
    ['an empty list', '[]', 'holds no samples'],
    ['an empty list inside an object', '{"samples": []}', 'holds no samples'],
    ['text', 'Once upon a time\nthere was', 'is not valid JSON'],
    ['a number', '7', 'no list of samples'],
    ['an object', '{\n"a": 1\n}', 'no list of samples'],
    ['samples that are no list', '{"samples": {}}', 'no list of samples'],
    ['a list that breaks off', `[\n${lines[0]},\n`, 'line 3 is not valid JSON'],
    ['a list with an error', `[\n${lines[0]}\n${lines[1]}]`, 'line 3 is not valid JSON'],
    ['bytes that are not UTF-8', Buffer.from('[{"context":"\xff"}]', 'latin1'), 'not UTF-8'],
    [
      'JSONL with bytes that are not UTF-8',
      Buffer.concat([Buffer.from(`${lines[0]}\n"`), Buffer.of(0xff)]),
      'line 2 is not UTF-8',
    ],
  ])('%s', (_, content, message) => {
    expect(refusal(content)).toContain(message);
  });

  it('does not exist, or is a folder', () => {
    expect(() => readSamples(path.join(folder, 'absent'))).toThrow(/absent does not exist/);
    expect(() => readSamples(folder)).toThrow(/is a folder/);
  });
});

describe('samples that are none', () => {
  it.each<[unknown, string]>([
    [7, 'is not an object'],
    [null, 'is not an object'],
    [[], 'field "context" is missing'],
    [{ ...fox, context: undefined }, 'field "context" is missing'],
    [{ ...fox, context: 7 }, 'field "context" must be text'],
    [{ ...fox, context: ' ' }, 'field "context" is empty'],
    [{ ...fox, question: undefined }, 'field "question" is missing'],
    [{ ...fox, question: ' ' }, 'field "question" must be text that is not blank'],
    [{ ...fox, answer: undefined }, 'field "answer" is missing'],
    [{ ...fox, answer: '' }, 'field "answer" must be'],
    [{ ...fox, answer: [] }, 'field "answer" must be'],
    [{ ...fox, answer: ['fox', 7] }, 'field "answer" must be'],
    [{ ...fox, answer: { text: 'fox' } }, 'field "answer" must be'],
    [{ ...fox, original_answer: 7 }, 'field "original_answer" must be text'],
    [{ ...tokens, input_ids: 'abc' }, 'field "input_ids" must be'],
    [{ ...tokens, input_ids: [1, -2] }, 'field "input_ids" must be'],
    [{ ...tokens, input_ids: [1, 2.5] }, 'field "input_ids" must be'],
    [{ ...tokens, answer_span: undefined }, 'field "answer_span" is missing'],
    [{ ...tokens, answer_span: [2, 5] }, 'field "answer_span" must be'],
    [{ ...tokens, answer_span: [2, 2] }, 'field "answer_span" must be'],
    [{ ...tokens, answer_span: [0, 2] }, 'field "answer_span" starts at 0'],
    [{ ...tokens, context_span: [3, 9] }, 'field "context_span" must be'],
    [{ ...tokens, answer_span_in_context: [1] }, 'field "answer_span_in_context" must be'],
  ])('%j', (sample, message) => {
    const text = JSON.stringify(sample);
    expect(refusal(`[${lines[0]}, ${text}]`)).toMatch(`sample 1 (counted from 0)`);
    expect(refusal(`[${lines[0]}, ${text}]`)).toContain(message);
    expect(refusal(`${lines[0]}\n\n${text}`)).toContain(`${file}, line 3`);
    expect(refusal(`${lines[0]}\n\n${text}`)).toContain(message);
  });

  it('a broken line is named by its number', () => {
    expect(refusal(`${lines[0]}\n{"context": "x`)).toContain('line 2 is not valid JSON');
    const jsonl = path.join(folder, 'data.jsonl');
    writeFileSync(jsonl, `${lines[0].slice(0, -1)}\n${lines[1]}`);
    expect(() => readSamples(jsonl)).toThrow(`${jsonl}, line 1 is not valid JSON`);
  });
});
