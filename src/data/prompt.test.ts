/** @file The wording of the prompt, and finding its parts again. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { layOutUserTurn, parseUserTurn, renderUserTurn } from './prompt';

const sample = { context: 'The fox sleeps.\n\nIt dreams.', question: 'Who sleeps?' };
const rendered =
  'Based on the context below, output the correct answer for the following question.\n\nContext:\nThe fox sleeps.\n\nIt dreams.\n\nQuestion:\nWho sleeps?';

describe('the user turn', () => {
  it('has the published wording', () => {
    expect(renderUserTurn(sample)).toBe(rendered);
  });

  it('has another wording without a context', () => {
    expect(renderUserTurn({ context: '', question: 'Who sleeps?' })).toBe(
      'Output the correct answer for the following question.\n\nQuestion:\nWho sleeps?',
    );
    expect(layOutUserTurn({ context: ' ', question: 'Who sleeps?' }).context).toBeUndefined();
  });

  it('is found again, whatever the texts', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter(value => value.trim() !== '');
    const context = text.filter(value => !value.endsWith('\r'));
    const property = fc.property(context, text, (context, question) => {
      const turn = layOutUserTurn({ context, question });
      expect(turn.text.slice(...turn.question)).toBe(question);
      expect(turn.context && turn.text.slice(...turn.context)).toBe(context);
      const parsed = parseUserTurn(turn.text);
      expect(parsed?.context).toEqual(turn.context);
      expect(parsed && turn.text.slice(...parsed.question)).toBe(question.trimEnd());
    });
    fc.assert(property);
  });
});

describe('parseUserTurn', () => {
  it('allows line ends of any system and white space around', () => {
    const text = `\n  ${rendered.replaceAll('\n', '\r\n')}\r\n\r\n`;
    const turn = parseUserTurn(text);
    expect(turn?.context && text.slice(...turn.context)).toBe('The fox sleeps.\r\n\r\nIt dreams.');
    expect(turn && text.slice(...turn.question)).toBe('Who sleeps?');
  });

  it('knows the closed-book wording', () => {
    const text = renderUserTurn({ context: '', question: 'Who?' });
    const turn = parseUserTurn(text);
    expect(turn?.context).toBeUndefined();
    expect(turn && text.slice(...turn.question)).toBe('Who?');
  });

  it('takes the last "Question:"', () => {
    const text = renderUserTurn({ context: 'A quiz.\n\nQuestion:\nWhy?', question: 'Who?' });
    const turn = parseUserTurn(text);
    expect(turn?.context && text.slice(...turn.context)).toBe('A quiz.\n\nQuestion:\nWhy?');
    expect(turn && text.slice(...turn.question)).toBe('Who?');
  });

  it.each([
    '',
    'Who sleeps?',
    rendered.replace('Based', 'based'),
    `x${rendered}`,
    rendered.replace('\n\nQ', '\nQ'),
    rendered.slice(0, -11),
  ])('does not recognise %j', text => {
    expect(parseUserTurn(text)).toBeUndefined();
  });
});
