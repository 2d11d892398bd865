/** @file Scenes: sets of statements that a context is made of. No two have the same object, or subject and relation. */
import type { Random } from '../src/common/random';
import { pick, pickWeighted } from './choices';
import { type EntityType, fill, openings, type RelationName, relations, relationsOf } from './relations';
import { factKey, type Familiarity, type Split, type Statement, type World } from './world';

/** Where a scene takes its subjects and objects from. */
export interface Setting {
  readonly world: World;
  readonly random: Random;
  readonly familiarity: Familiarity;
  /** Whether what is known of a subject is said of it; else objects are drawn by chance. */
  readonly truthful: boolean;
  /** The split of all subjects; absent: any. */
  readonly split?: Split;
}

/** A subject and what is said of it. */
export type Topic = Pick<Statement, 'subject' | 'relation'>;

const typeWeights: Record<EntityType, number> = { person: 4, company: 1, book: 1, film: 1, city: 1 };
/** Tries for a statement that fits; a small world may have none left. */
const maximumTries = 30;

export class Scene {
  private readonly byTopic = new Map<string, Statement>();
  private readonly subjects = new Set<string>();
  private readonly objects = new Set<string>();

  constructor(readonly setting: Setting) {}

  get statements(): readonly Statement[] {
    return [...this.byTopic.values()];
  }

  get size(): number {
    return this.byTopic.size;
  }

  /** Whether something is told of it. */
  isAbout(name: string): boolean {
    return this.subjects.has(name);
  }

  /** Adds a statement about the topic, unless there is one. Undefined: nothing that would fit into the scene. */
  tell(topic: Topic): Statement | undefined {
    const key = factKey(topic.subject, topic.relation);
    const told = this.byTopic.get(key);
    if (told) return told;
    const object = this.objectFor(topic);
    if (object === undefined) return undefined;
    const statement = { ...topic, object };
    this.byTopic.set(key, statement);
    this.subjects.add(topic.subject);
    this.objects.add(object);
    return statement;
  }

  /**
   * Adds up to `count` statements. The first has the topic's relation and another subject, so that the type of an
   * answer alone never gives it away; others do too, or tell more of the same subject, or of anything.
   */
  distract(topic: Topic, count: number, exclude?: Topic): void {
    const { random } = this.setting;
    const subjectType = relations[topic.relation].subject;
    for (let i = 0; i < count; i++) {
      const kind = i === 0 ? 'relation' : pickWeighted(random, { relation: 4, subject: 2, anything: 3 });
      for (let tries = 0, { size } = this; this.size === size && tries < maximumTries; tries++) {
        const type = kind === 'anything' ? pickType(random) : subjectType;
        const candidate = {
          subject: kind === 'subject' && tries === 0 ? topic.subject : this.pickSubject(type),
          relation: kind === 'relation' ? topic.relation : pick(random, relationsOf(type)),
        };
        const isExcluded = candidate.subject === exclude?.subject && candidate.relation === exclude.relation;
        if (!isExcluded) this.tell(candidate);
      }
    }
  }

  pickSubject(type: EntityType): string {
    const { world, random, familiarity, split } = this.setting;
    return pick(random, world.subjects(type, familiarity, split));
  }

  /** A subject with one of its relations. */
  pickTopic(): Topic {
    const { random } = this.setting;
    const type = pickType(random);
    return { subject: this.pickSubject(type), relation: pick(random, relationsOf(type)) };
  }

  /** An object that the scene does not mention. */
  inventObject(relation: RelationName, subject: string): string | undefined {
    const { world, random, familiarity } = this.setting;
    const type = relations[relation].object;
    for (let tries = 0; tries < maximumTries; tries++) {
      // Names that nobody knows must be read and answered with, too.
      const isNovel =
        type !== 'country' && type !== 'job' && familiarity === 'novel' && random.integer(2) === 0;
      const object = pick(random, isNovel ? world.subjects(type, 'novel') : world.objects(type));
      if (object !== subject && !this.isAbout(object) && !this.objects.has(object)) return object;
    }
    return undefined;
  }

  private objectFor({ subject, relation }: Topic): string | undefined {
    const fact = this.setting.truthful ? this.setting.world.fact(subject, relation) : undefined;
    if (fact === undefined) return this.inventObject(relation, subject);
    return this.objects.has(fact) ? undefined : fact;
  }
}

function pickType(random: Random): EntityType {
  return pickWeighted(random, typeWeights);
}

/** The statements in random order and wording. */
export function renderContext(statements: readonly Statement[], random: Random): string {
  return random
    .shuffled(statements)
    .map(statement => renderStatement(statement, random))
    .join(' ');
}

export function renderStatement({ subject, relation, object }: Statement, random: Random): string {
  const template = pick(random, relations[relation].statements);
  const opening = pick(random, openings);
  const sentence = opening === '' ? template : template.replace(/^The /, 'the ');
  return opening + fill(sentence, subject, object);
}
