/** @file Documents are written as the chat template writes them, and answer what they say that they answer. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Random } from '../src/common/random';
import { layOutUserTurn, parseUserTurn } from '../src/data/prompt';
import {
  defaultDocumentOptions,
  type DocumentKind,
  type DocumentOptions,
  findingMix,
  generateDocument,
  memoryMix,
  type Piece,
  readingMix,
} from './documents';
import { relationNames, relations } from './relations';
import { loadTokenizers } from './testing/demo-tokenizer';
import { readStatements } from './testing/read-statements';
import { type Statement, World } from './world';

const world = new World(1);
const { ours } = loadTokenizers();
const kinds: DocumentKind[] = ['passage', 'closed', 'reading', 'restated', 'register', 'story', 'known'];

const textOf = (pieces: readonly Piece[]): string => pieces.map(({ text }) => text).join('');

/** Documents of one kind, by many seeds. */
function check(
  kind: DocumentKind,
  property: (pieces: Piece[]) => void,
  options: Partial<DocumentOptions> = {},
): void {
  const run = (seed: number): void => {
    const all = { ...defaultDocumentOptions, ...options, mix: { [kind]: 1 } };
    property(generateDocument(world, new Random(seed), all));
  };
  fc.assert(fc.property(fc.integer(), run), { numRuns: 150 });
}

/** The turns of a conversation: contents of user and assistant, read back from the text. */
function turnsOf(text: string): { role: string; content: string }[] {
  return text
    .replace(/^<\|endoftext\|>/, '')
    .split(/(?=<\|user\|>|<\|assistant\|>)/)
    .map(turn => ({
      role: turn.startsWith('<|user|>') ? 'user' : 'assistant',
      content: turn.replace(/^<\|\w+\|>\n/, '').replace(/(<\|endoftext\|>)?\n?$/, ''),
    }));
}

/** Context, question and what it asks for, of a first turn in the usual prompt. */
function askedIn(pieces: readonly Piece[]) {
  const [first, reply] = turnsOf(textOf(pieces));
  const turn = parseUserTurn(first.content);
  if (!turn) throw new Error(`not the prompt: ${first.content}`);
  const question = turn.text.slice(...turn.question);
  const topics = world.facts.filter(({ subject, relation }) =>
    relations[relation].questions.some(template => template.replace('{s}', subject) === question),
  );
  expect(topics).toHaveLength(1);
  const statements: Statement[] = turn.context ? readStatements(turn.text.slice(...turn.context), world) : [];
  const told = statements.find(
    ({ subject, relation }) => subject === topics[0].subject && relation === topics[0].relation,
  );
  return { fact: topics[0], told, statements, answer: reply.content };
}

describe.each(kinds)('a %s document', kind => {
  it('follows from the seed, begins and ends with the end-of-text token', () => {
    const make = (): Piece[] =>
      generateDocument(world, new Random(3), { ...defaultDocumentOptions, mix: { [kind]: 1 } });
    expect(make()).toEqual(make());
    check(kind, pieces => {
      expect(textOf(pieces)).toMatch(/^<\|endoftext\|>[^]+<\|endoftext\|>$/);
    });
  });
});

// What is restated may have only sentences that begin with their object, which nothing foretells.
it.each(kinds.filter(kind => kind !== 'restated'))('a %s document says something to learn', kind => {
  check(kind, pieces => {
    expect(pieces.some(piece => piece.kind !== 'context')).toBe(true);
  });
});

describe.each(['closed', 'reading', 'story', 'known'] as const)('the conversation of a %s document', kind => {
  it('is written as the chat template writes it', () => {
    check(kind, pieces => {
      const text = textOf(pieces);
      expect(ours.renderChat(turnsOf(text), { addGenerationPrompt: false })).toBe(text);
      const [first] = turnsOf(text);
      const turn = parseUserTurn(first.content);
      if (kind === 'story') {
        expect(turn).toBeUndefined();
        return;
      }
      const part = (span: [number, number] = [0, 0]): string => turn?.text.slice(...span) ?? '';
      const laidOut = layOutUserTurn({ context: part(turn?.context), question: part(turn?.question) });
      expect(laidOut.text).toBe(first.content);
      expect(turn?.context === undefined).toBe(kind === 'closed');
    });
  });

  it('has its answers, and no more, in answer pieces', () => {
    check(kind, pieces => {
      const answers = pieces.filter(piece => piece.kind === 'answer').map(({ text }) => text);
      const replies = turnsOf(textOf(pieces)).filter(({ role }) => role === 'assistant');
      expect(answers).toEqual(replies.map(({ content }) => `${content}<|endoftext|>`));
    });
  });
});

describe('what documents say', () => {
  it('passages tell what is known', () => {
    check('passage', pieces => {
      const statements = readStatements(textOf(pieces).replaceAll('<|endoftext|>', ''), world);
      for (const { subject, relation, object } of statements)
        expect(world.fact(subject, relation)).toBe(object);
    });
  });

  it('a passage is restated with other words and the same meaning', () => {
    check('restated', pieces => {
      const [first, second] = textOf(pieces).replaceAll('<|endoftext|>', '').split(' In other words: ');
      const sorted = (text: string): string[] =>
        readStatements(text, world)
          .map(told => JSON.stringify(told))
          .sort();
      expect(sorted(second)).toEqual(sorted(first));
    });
  });

  it('at level 0 it is restated in the same words; objects that follow their subject are answers', () => {
    check(
      'restated',
      pieces => {
        const [first, second] = textOf(pieces).replaceAll('<|endoftext|>', '').split(' In other words: ');
        const sentences = (text: string): string[] => text.split(/(?<=\.) /).sort();
        expect(sentences(second)).toEqual(sentences(first));
        const told = readStatements(first, world);
        const following = told.filter(({ subject, object }) =>
          sentences(first).some(
            text => text.includes(subject) && text.indexOf(` ${object}`) > text.indexOf(subject),
          ),
        );
        const answers = pieces.filter(({ kind }) => kind === 'answer').map(({ text }) => text.trim());
        expect(answers.sort()).toEqual(following.map(({ object }) => object).sort());
      },
      { level: 0 },
    );
  });

  it('a register is read three times', () => {
    check('register', pieces => {
      const lines = (text: string): string[] => text.split('\n').slice(1).sort();
      const [first, ...again] = textOf(pieces).replaceAll('<|endoftext|>', '').split('\nAgain:');
      expect(again).toHaveLength(2);
      for (const text of again) expect(lines(text)).toEqual(lines(first));
    });
  });

  it('closed-book answers are known facts', () => {
    check('closed', pieces => {
      const { fact, answer } = askedIn(pieces);
      expect(answer).toBe(fact.object);
    });
  });

  it.each(['reading', 'story'] as const)('%s: every answer stands in the context', kind => {
    check(kind, pieces => {
      const [first, ...rest] = turnsOf(textOf(pieces));
      const context = first.content.slice(0, first.content.indexOf('\n\nQuestion:'));
      for (const { content } of rest.filter(({ role }) => role === 'assistant'))
        expect(context).toContain(content);
    });
  });

  it('an absent answer is answered from memory', () => {
    const options = { pAbsent: 1, pConflict: 0 };
    check(
      'known',
      pieces => {
        const { fact, told, statements, answer } = askedIn(pieces);
        expect(told).toBeUndefined();
        expect(statements.some(({ relation }) => relation === fact.relation)).toBe(true);
        expect(answer).toBe(fact.object);
      },
      options,
    );
  });

  it.each([
    ['from memory', 1],
    ['from the context', 0],
  ])('a conflict is answered %s', (_, pMemory) => {
    const options = { pAbsent: 0, pConflict: 1, pMemory };
    check(
      'known',
      pieces => {
        const { fact, told, answer } = askedIn(pieces);
        expect(told?.object).not.toBe(fact.object);
        expect(answer).toBe(pMemory === 1 ? fact.object : told?.object);
      },
      options,
    );
  });

  it('else context and memory agree', () => {
    const options = { pAbsent: 0, pConflict: 0 };
    check(
      'known',
      pieces => {
        const { fact, told, answer } = askedIn(pieces);
        expect([told?.object, answer]).toEqual([fact.object, fact.object]);
      },
      options,
    );
  });
});

describe('the mixes', () => {
  it.each([
    ['finding', findingMix],
    ['reading', readingMix],
    ['memory', memoryMix],
  ])('%s: shares sum to 1', (_, mix) => {
    expect(Object.values(mix).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
  });

  it('give each kind its share', () => {
    const random = new Random(4);
    const options = { ...defaultDocumentOptions, mix: { register: 3, passage: 1 } };
    const count = 2000;
    let registers = 0;
    for (let i = 0; i < count; i++) {
      if (textOf(generateDocument(world, random, options)).includes('Register:')) registers++;
    }
    // Five standard deviations of a binomial count.
    expect(Math.abs(registers - 0.75 * count)).toBeLessThan(5 * Math.sqrt(count * 0.75 * 0.25));
  });

  it('relations are all asked for', () => {
    const text = Array.from({ length: 300 }, (_, seed) =>
      textOf(generateDocument(world, new Random(seed), defaultDocumentOptions)),
    ).join('');
    for (const name of relationNames) {
      const starts = relations[name].questions.map(question => question.slice(0, question.indexOf('{s}')));
      expect(starts.some(start => text.includes(start))).toBe(true);
    }
  });
});
