/** @file The invented world: who is known, what is known of them, and who stays novel. */
import { Random } from '../src/common/random';
import { pick } from './choices';
import {
  books,
  cities,
  companies,
  countries,
  drawCombinedNames,
  drawNames,
  films,
  jobs,
  persons,
  type SplitNames,
} from './names';
import {
  type EntityType,
  entityTypes,
  type ObjectType,
  type RelationName,
  relationNames,
  relations,
} from './relations';

export const splits = ['train', 'dev', 'test'] as const;
export type Split = (typeof splits)[number];
/** Known: with facts that are learned by heart. Novel: names that are met only in contexts. */
export type Familiarity = keyof SplitNames;

export interface Statement {
  readonly subject: string;
  readonly relation: RelationName;
  readonly object: string;
}

/** Where the dev and the test split begin, as shares of the names of a type. */
const devStart = 0.5;
const testStart = 0.65;

export class World {
  /** All facts, in a fixed order. */
  readonly facts: readonly Statement[];
  private readonly names: Readonly<Record<EntityType, SplitNames>>;
  private readonly splitsByName = new Map<string, Split>();
  private readonly namesBySplit = new Map<string, string[]>();
  private readonly objectsByFact = new Map<string, string>();

  /** The same seed gives the same world. */
  constructor(seed: number) {
    const random = new Random(seed);
    this.names = {
      person: drawCombinedNames(random, persons, 100),
      city: drawNames(random, cities, 30),
      company: drawCombinedNames(random, companies, 36),
      book: drawNames(random, books, 50),
      film: drawNames(random, films, 40),
    };
    for (const type of entityTypes) {
      this.splitNames(type, 'known');
      this.splitNames(type, 'novel');
    }
    this.facts = relationNames.flatMap(relation => {
      const { subject: type, object } = relations[relation];
      return this.names[type].known.map(subject => {
        return { subject, relation, object: pick(random, this.objects(object)) };
      });
    });
    for (const { subject, relation, object } of this.facts) {
      this.objectsByFact.set(factKey(subject, relation), object);
    }
  }

  /** Names of things that have facts; of one split, or of all. */
  subjects(type: EntityType, familiarity: Familiarity, split?: Split): readonly string[] {
    return split
      ? (this.namesBySplit.get(`${type} ${familiarity} ${split}`) ?? [])
      : this.names[type][familiarity];
  }

  /** What the objects of facts are drawn from. */
  objects(type: ObjectType): readonly string[] {
    if (type === 'country') return countries;
    return type === 'job' ? jobs : this.names[type].known;
  }

  /** The object of a fact; undefined where nothing is known. */
  fact(subject: string, relation: RelationName): string | undefined {
    return this.objectsByFact.get(factKey(subject, relation));
  }

  splitOf(subject: string): Split | undefined {
    return this.splitsByName.get(subject);
  }

  private splitNames(type: EntityType, familiarity: Familiarity): void {
    const names = this.names[type][familiarity];
    names.forEach((name, i) => {
      const share = i / names.length;
      const split = share < devStart ? 'train' : share < testStart ? 'dev' : 'test';
      this.splitsByName.set(name, split);
      const key = `${type} ${familiarity} ${split}`;
      const sameSplit = this.namesBySplit.get(key);
      if (sameSplit) sameSplit.push(name);
      else this.namesBySplit.set(key, [name]);
    });
  }
}

/** One string for a subject and a relation. */
export function factKey(subject: string, relation: RelationName): string {
  return `${relation} ${subject}`;
}
