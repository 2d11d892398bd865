/** @file Contexts hold what their questions need, and nothing that gives the answer away. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Random } from '../src/common/random';
import { askClosed, askKnown, askNovel, askTwoHop, type Question, type QuestionOptions } from './questions';
import { fill, type RelationName, relationNames, relations } from './relations';
import { readStatements } from './testing/read-statements';
import { splits, World } from './world';

const world = new World(1);
const anyOptions = fc.record({
  world: fc.constant(world),
  random: fc.integer().map(seed => new Random(seed)),
  split: fc.constantFrom(...splits),
  level: fc.constantFrom(0, 0.5, 1),
});

function check(property: (options: Required<QuestionOptions>) => void): void {
  fc.assert(fc.property(anyOptions, property), { numRuns: 200 });
}

/** The object that the context gives the subject of a question, hop by hop. */
function follow({ context, subject, relation }: Question): string {
  const statements = readStatements(context, world);
  return relation.split('+').reduce((name, hop) => {
    const found = statements.filter(({ subject, relation }) => subject === name && relation === hop);
    expect(found).toHaveLength(1);
    return found[0].object;
  }, subject);
}

/** The same by heart. */
function remember({ subject, relation }: Question): string | undefined {
  return relation
    .split('+')
    .reduce<string | undefined>((name, hop) => name && world.fact(name, hop as RelationName), subject);
}

/** That the question asks for its relation, of its subject. */
function expectAsked({ question, subject, relation }: Question): void {
  const [first, second] = relation.split('+') as [RelationName, RelationName?];
  const asked = second
    ? relations[second].questions.map(text => fill(text, fill(relations[first].phrase, subject)))
    : relations[first].questions.map(text => fill(text, subject));
  expect(asked).toContain(question);
}

/** That another statement has the relation that the answer is found by. */
function expectRival({ context, relation }: Question): void {
  const last = relation.split('+').at(-1);
  const same = readStatements(context, world).filter(({ relation }) => relation === last);
  expect(same.length).toBeGreaterThan(1);
}

describe('one-hop questions about known subjects', () => {
  it('have a conflicting context without the original answer', () => {
    check(options => {
      const sample = askKnown(options, true);
      expectAsked(sample);
      expectRival(sample);
      expect(follow(sample)).toBe(sample.answer);
      expect(sample.original_answer).toBe(remember(sample));
      expect(sample.answer).not.toBe(sample.original_answer);
      expect(sample.context).not.toContain(sample.original_answer);
      expect(sample.context.split(sample.answer)).toHaveLength(2);
    });
  });

  it('conflict in one statement only', () => {
    check(options => {
      const sample = askKnown(options, true);
      const wrong = readStatements(sample.context, world).filter(
        ({ subject, relation, object }) => world.fact(subject, relation) !== object,
      );
      expect(wrong).toEqual([{ subject: sample.subject, relation: sample.relation, object: sample.answer }]);
    });
  });

  it('have a true context', () => {
    check(options => {
      const sample = askKnown(options, false);
      expectAsked(sample);
      expectRival(sample);
      for (const { subject, relation, object } of readStatements(sample.context, world))
        expect(world.fact(subject, relation)).toBe(object);
      expect([follow(sample), sample.original_answer]).toEqual([sample.answer, sample.answer]);
    });
  });
});

describe('questions about novel subjects', () => {
  it('can be answered from the context alone', () => {
    check(options => {
      const sample = askNovel(options);
      expectAsked(sample);
      expectRival(sample);
      expect(follow(sample)).toBe(sample.answer);
      const known = readStatements(sample.context, world).filter(({ subject }) =>
        relationNames.some(relation => world.fact(subject, relation)),
      );
      expect(known).toEqual([]);
    });
  });
});

describe('two-hop questions', () => {
  it('conflict with memory in the second hop', () => {
    check(options => {
      const sample = askTwoHop(options, 'known', true);
      expectAsked(sample);
      expectRival(sample);
      expect(follow(sample)).toBe(sample.answer);
      expect(sample.original_answer).toBe(remember(sample));
      expect(sample.context).not.toContain(sample.original_answer);
    });
  });

  it('are true, or about novel subjects', () => {
    check(options => {
      const known = askTwoHop(options, 'known', false);
      expect([follow(known), remember(known)]).toEqual([known.answer, known.answer]);
      const novel = askTwoHop(options, 'novel', true);
      expect(follow(novel)).toBe(novel.answer);
      expect(novel).not.toHaveProperty('original_answer');
    });
  });
});

describe('all questions', () => {
  it('have subjects of one split in their contexts, except bridges of two hops', () => {
    check(options => {
      const samples = [
        askKnown(options, true),
        askKnown(options, false),
        askNovel(options),
        askTwoHop(options, 'known', true),
      ];
      for (const sample of samples) {
        const statements = readStatements(sample.context, world);
        const [first, second] = sample.relation.split('+');
        const bridge = second
          ? statements.find(told => told.subject === sample.subject && told.relation === first)?.object
          : undefined;
        for (const { subject } of statements)
          if (subject !== bridge) expect(world.splitOf(subject)).toBe(options.split);
        expect(world.splitOf(sample.subject)).toBe(options.split);
      }
    });
  });

  it('have contexts that grow with the level', () => {
    fc.assert(
      fc.property(fc.integer(), seed => {
        const sizes = [0, 1].map(level => {
          const { context } = askKnown({ world, random: new Random(seed), level }, false);
          return readStatements(context, world).length;
        });
        expect(sizes[0]).toBeGreaterThanOrEqual(2);
        expect(sizes[0]).toBeLessThanOrEqual(3);
        expect(sizes[1]).toBeGreaterThanOrEqual(3);
        expect(sizes[1]).toBeLessThanOrEqual(7);
      }),
    );
  });

  it('may do without a context', () => {
    for (const fact of world.facts) {
      const sample = askClosed(fact, new Random(1));
      expectAsked(sample);
      expect(sample).toMatchObject({ context: '', answer: fact.object, subject: fact.subject });
    }
  });
});
