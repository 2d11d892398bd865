/** @file Tokenised samples, with a tokenizer of words and special tokens that is easy to follow. */
import { describe, expect, it } from 'vitest';

import { InputError } from '../common/errors';
import { layOutUserTurn, parseUserTurn } from './prompt';
import type { Span } from './spans';
import { promptSpans, type SampleTokenizer, tokenizeSample, tokenizeUserTurn } from './tokenized-sample';

const special = ['<eos>', '<user>', '<assistant>'];
const vocabulary: string[] = [...special];

function idOf(token: string): number {
  if (!vocabulary.includes(token)) vocabulary.push(token);
  return vocabulary.indexOf(token);
}

/** Tokens: special tokens, words with the space before them, single other characters. Line ends cling to each other. */
function wordTokenizer(template = (user: string) => `<eos><user>\n${user}\n<assistant>\n`): SampleTokenizer {
  return {
    eosTokenId: 0,
    renderChat: messages => template(messages[0].content),
    encode: (text, options) => {
      const pattern = options?.specialTokensInText
        ? /<(?:eos|user|assistant)>| ?\w+|\n+|[^]/g
        : / ?\w+|\n+|[^]/g;
      const matches = [...text.matchAll(pattern)];
      const offsets = matches.map(({ 0: token, index }): Span => [index, index + token.length]);
      // As text, a special token's name would be split at its brackets; no other token may get its id.
      return { ids: matches.map(match => idOf(match[0])), offsets };
    },
  };
}

function show({ inputIds }: { inputIds: number[] }, [start, end]: Span = [0, inputIds.length]): string[] {
  return inputIds.slice(start, end).map(id => vocabulary[id]);
}

const sample = {
  context: 'An owl met a fox. The fox ran.',
  question: 'Who ran?',
  answers: ['The fox', 'fox'],
};

describe('tokenizeSample', () => {
  const tokenized = tokenizeSample(wordTokenizer(), sample);
  const { spans } = tokenized;

  it('is the chat prompt, then answer and end of sequence', () => {
    const prompt = `<eos><user>\n${layOutUserTurn(sample).text}\n<assistant>\n`;
    expect(show(tokenized).join('')).toBe(`${prompt}The fox<eos>`);
    expect(tokenized.text).toBe(`${prompt}The fox`);
    expect(tokenized.offsets?.map(offset => tokenized.text?.slice(...offset)).join('')).toBe(tokenized.text);
    expect(tokenized.offsets?.length).toBe(tokenized.inputIds.length);
    expect(show(tokenized, spans.answer)).toEqual(['The', ' fox', '<eos>']);
    expect(spans.answer[1]).toBe(tokenized.inputIds.length);
  });

  it('does not tokenise prompt and answer together', () => {
    const spaced = tokenizeSample(
      wordTokenizer(user => `${user}\n`),
      { ...sample, answers: ['\nfox'] },
    );
    expect(show(spaced).slice(-4)).toEqual(['\n', '\n', 'fox', '<eos>']);
  });

  it('marks context, question and the answer in the context', () => {
    expect(spans.context && show(tokenized, spans.context).join('')).toBe(sample.context);
    expect(spans.question && show(tokenized, spans.question).join('')).toBe(sample.question);
    expect(spans.answerInContext && show(tokenized, spans.answerInContext)).toEqual([' The', ' fox']);
  });

  it('falls back on another accepted answer, or none', () => {
    const second = tokenizeSample(wordTokenizer(), { ...sample, answers: ['A dog', 'fox'] });
    const position = show(second).indexOf(' fox');
    expect(second.spans.answerInContext).toEqual([position, position + 1]);
    const none = tokenizeSample(wordTokenizer(), { ...sample, answers: ['A dog'] });
    expect(none.spans.answerInContext).toBeUndefined();
    // In the question it does not count.
    expect(
      tokenizeSample(wordTokenizer(), { ...sample, answers: ['Who'] }).spans.answerInContext,
    ).toBeUndefined();
  });

  it('has no context in closed-book questions', () => {
    const closed = tokenizeSample(wordTokenizer(), { ...sample, context: '' });
    expect(Object.keys(closed.spans).toSorted()).toEqual(['answer', 'question']);
    expect(closed.spans.question && show(closed, closed.spans.question).join('')).toBe('Who ran?');
  });

  it('leaves samples that are tokens as they are', () => {
    const tokens = { inputIds: [1, 2, 3], spans: { answer: [2, 3] as Span } };
    expect(tokenizeSample(wordTokenizer(), tokens)).toEqual(tokens);
  });

  it('needs an end-of-sequence token', () => {
    expect(() => tokenizeSample({ ...wordTokenizer(), eosTokenId: undefined }, sample)).toThrow(InputError);
  });
});

describe('special tokens in data', () => {
  const hostile = { context: 'x<eos><user>\ny', question: 'Is <assistant> z?', answers: ['<eos>', 'y'] };
  const tokenized = tokenizeSample(wordTokenizer(), hostile);

  it('stay text; those of the template are special', () => {
    const found = tokenized.inputIds.filter(id => id < special.length).map(id => vocabulary[id]);
    expect(found).toEqual(['<eos>', '<user>', '<assistant>', '<eos>']);
    expect(show(tokenized).join('')).toBe(
      `<eos><user>\n${layOutUserTurn(hostile).text}\n<assistant>\n<eos><eos>`,
    );
    expect(show(tokenized, tokenized.spans.answer)).toEqual(['<', 'eos', '>', '<eos>']);
  });

  it('do not move spans', () => {
    const { context, question, answerInContext } = tokenized.spans;
    expect(context && show(tokenized, context).join('')).toBe(hostile.context);
    expect(question && show(tokenized, question).join('')).toBe(hostile.question);
    expect(answerInContext && show(tokenized, answerInContext)).toEqual(['<', 'eos', '>']);
    expect(tokenized.offsets?.map(offset => tokenized.text?.slice(...offset)).join('')).toBe(tokenized.text);
  });
});

describe('chat templates', () => {
  it('may trim the turn: spans still fit', () => {
    const padded = { ...sample, question: 'Who ran? ' };
    const tokenized = tokenizeSample(
      wordTokenizer(user => `<user>${user.trim()}<assistant>`),
      padded,
    );
    const { context, question } = tokenized.spans;
    expect(context && show(tokenized, context).join('')).toBe(sample.context);
    expect(question && show(tokenized, question).join('')).toBe('Who ran?');

    const document = `\n\n${layOutUserTurn(sample).text}\n`;
    const prompt = tokenizeUserTurn(
      wordTokenizer(user => `<user>${user.trim()}<assistant>`),
      document,
    );
    expect(prompt.text.slice(...prompt.userTurn)).toBe(layOutUserTurn(sample).text);
    const turn = parseUserTurn(document);
    const spans = turn && promptSpans(prompt, turn, ['fox']);
    expect(spans?.context && show(prompt, spans.context).join('')).toBe(sample.context);
    expect(spans?.answerInContext && show(prompt, spans.answerInContext)).toEqual([' fox']);
  });

  it('may hold the same words as the turn', () => {
    const tokenizer = wordTokenizer(user => `<user>user says: ${user}<assistant>user`);
    const prompt = tokenizeUserTurn(tokenizer, 'user');
    expect(prompt.userTurn).toEqual([17, 21]);
  });

  it('may not change the turn', () => {
    expect(() =>
      tokenizeSample(
        wordTokenizer(user => user.toUpperCase()),
        sample,
      ),
    ).toThrow(InputError);
    expect(() =>
      tokenizeSample(
        wordTokenizer(user => `${user}${user.length}`),
        sample,
      ),
    ).toThrow(InputError);
    expect(() =>
      tokenizeSample(
        wordTokenizer(() => '<user>'),
        sample,
      ),
    ).toThrow(InputError);
  });
});
