/** @file The world is the same for the same seed, and its names and facts are what the training counts on. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { nameWords } from './names';
import { entityTypes, relationNames, relations } from './relations';
import { splits, World } from './world';

const familiarities = ['known', 'novel'] as const;
const anyWorld = fc.integer({ min: 0, max: 1000 }).map(seed => new World(seed));
const few = { numRuns: 10 };

describe('the world', () => {
  it('follows from its seed', () => {
    expect(new World(5).facts).toEqual(new World(5).facts);
    expect(new World(5).facts).not.toEqual(new World(6).facts);
  });

  it('has no word in two lists of names', () => {
    expect(new Set(nameWords).size).toBe(nameWords.length);
  });

  it('gives each name once', () => {
    const property = fc.property(anyWorld, world => {
      const names = entityTypes.flatMap(type => familiarities.flatMap(kind => world.subjects(type, kind)));
      expect(new Set(names).size).toBe(names.length);
    });
    fc.assert(property, few);
  });

  it('gives known persons surnames, and known companies first words, of their own', () => {
    const property = fc.property(anyWorld, world => {
      for (const [type, at] of [
        ['person', 1],
        ['company', 0],
      ] as const) {
        const keys = world.subjects(type, 'known').map(name => name.split(' ')[at]);
        expect(new Set(keys).size).toBe(keys.length);
        const novel = new Set(world.subjects(type, 'novel').map(name => name.split(' ')[at]));
        expect(keys.filter(key => novel.has(key))).toEqual([]);
      }
    });
    fc.assert(property, few);
  });

  it('parts the names of every type into splits of 50, 15 and 35 percent', () => {
    const world = new World(1);
    for (const type of entityTypes) {
      for (const kind of familiarities) {
        const all = world.subjects(type, kind);
        const parts = splits.map(split => world.subjects(type, kind, split));
        expect(parts.flat()).toEqual(all);
        splits.forEach((split, i) => {
          expect(Math.abs(parts[i].length - [0.5, 0.15, 0.35][i] * all.length)).toBeLessThan(1);
          for (const name of parts[i]) expect(world.splitOf(name)).toBe(split);
        });
      }
    }
  });

  it('knows every relation of every known name, and nothing of novel ones', () => {
    const property = fc.property(anyWorld, world => {
      const topics = (kind: 'known' | 'novel') =>
        relationNames.flatMap(relation =>
          world.subjects(relations[relation].subject, kind).map(subject => ({ subject, relation })),
        );
      expect(world.facts.map(({ subject, relation }) => ({ subject, relation }))).toEqual(topics('known'));
      const wrong = world.facts.filter(
        ({ subject, relation, object }) =>
          world.fact(subject, relation) !== object ||
          !world.objects(relations[relation].object).includes(object),
      );
      expect(wrong).toEqual([]);
      const invented = topics('novel').filter(({ subject, relation }) => world.fact(subject, relation));
      expect(invented).toEqual([]);
    });
    fc.assert(property, few);
  });
});

describe('wordings', () => {
  it('have their places for subject and object', () => {
    for (const { statements, questions, phrase } of relationNames.map(name => relations[name])) {
      for (const text of [...statements, ...questions, phrase]) expect(text.split('{s}')).toHaveLength(2);
      for (const text of statements) expect(text.split('{o}')).toHaveLength(2);
    }
  });
});
