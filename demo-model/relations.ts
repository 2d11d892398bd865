/** @file What can be said and asked about the things of the world. `{s}` stands for the subject, `{o}` for the object. */

export const entityTypes = ['person', 'city', 'company', 'book', 'film'] as const;
/** What has facts of its own. */
export type EntityType = (typeof entityTypes)[number];
/** Countries and jobs are only ever answers. */
export type ObjectType = 'city' | 'company' | 'country' | 'job' | 'person';

export interface Relation {
  readonly subject: EntityType;
  readonly object: ObjectType;
  /** Sentences that say the same. */
  readonly statements: readonly string[];
  /** Questions for the object. */
  readonly questions: readonly string[];
  /** The object as a noun phrase, with which questions go on to a second relation. */
  readonly phrase: string;
}

const wordings = {
  birthplace: {
    subject: 'person',
    object: 'city',
    statements: [
      '{s} was born in {o}.',
      '{s} is a native of {o}.',
      'The birthplace of {s} is {o}.',
      '{o} is the birthplace of {s}.',
    ],
    questions: ['Where was {s} born?', 'In which city was {s} born?', 'What is the birthplace of {s}?'],
    phrase: 'the birthplace of {s}',
  },
  residence: {
    subject: 'person',
    object: 'city',
    statements: [
      '{s} now lives in {o}.',
      '{s} has a house in {o}.',
      'The home of {s} is in {o}.',
      '{o} is where {s} lives.',
    ],
    questions: ['Where does {s} live?', 'In which city does {s} live?', 'Where is the home of {s}?'],
    phrase: 'the city where {s} lives',
  },
  employer: {
    subject: 'person',
    object: 'company',
    statements: [
      '{s} works for {o}.',
      '{s} is employed by {o}.',
      'The employer of {s} is {o}.',
      '{o} is the employer of {s}.',
    ],
    questions: ['Which company does {s} work for?', 'Who employs {s}?', 'What is the employer of {s}?'],
    phrase: 'the company that employs {s}',
  },
  profession: {
    subject: 'person',
    object: 'job',
    statements: [
      '{s} trained as a {o}.',
      '{s} is a {o} by profession.',
      '{s} earns a living as a {o}.',
      'The profession of {s} is {o}.',
    ],
    questions: ['What is the profession of {s}?', 'What does {s} do for a living?', 'What did {s} train as?'],
    phrase: 'the profession of {s}',
  },
  headquarters: {
    subject: 'company',
    object: 'city',
    statements: [
      '{s} is based in {o}.',
      '{s} has its main office in {o}.',
      'The headquarters of {s} are in {o}.',
      '{o} is home to the headquarters of {s}.',
    ],
    questions: [
      'Where is {s} based?',
      'In which city are the headquarters of {s}?',
      'Where does {s} have its main office?',
    ],
    phrase: 'the home city of {s}',
  },
  founder: {
    subject: 'company',
    object: 'person',
    statements: [
      '{s} was founded by {o}.',
      '{s} was set up by {o}.',
      'The founder of {s} is {o}.',
      '{o} founded {s}.',
    ],
    questions: ['Who founded {s}?', 'Who is the founder of {s}?', 'By whom was {s} founded?'],
    phrase: 'the founder of {s}',
  },
  author: {
    subject: 'book',
    object: 'person',
    statements: [
      '{s} was written by {o}.',
      '{s} is a novel by {o}.',
      'The author of {s} is {o}.',
      '{o} wrote {s}.',
    ],
    questions: ['Who wrote {s}?', 'Who is the author of {s}?', 'By whom was {s} written?'],
    phrase: 'the author of {s}',
  },
  director: {
    subject: 'film',
    object: 'person',
    statements: [
      '{s} was directed by {o}.',
      '{s} is a film by {o}.',
      'The director of {s} is {o}.',
      '{o} directed {s}.',
    ],
    questions: ['Who directed {s}?', 'Who is the director of {s}?', 'By whom was {s} directed?'],
    phrase: 'the director of {s}',
  },
  country: {
    subject: 'city',
    object: 'country',
    statements: [
      '{s} is a city in {o}.',
      '{s} lies in {o}.',
      'The country of {s} is {o}.',
      '{o} is the country where {s} lies.',
    ],
    questions: [
      'In which country is {s}?',
      'Which country does {s} belong to?',
      'In which country does {s} lie?',
    ],
    phrase: 'the country of {s}',
  },
} as const satisfies Record<string, Relation>;

export type RelationName = keyof typeof wordings;
export const relations: Readonly<Record<RelationName, Relation>> = wordings;
export const relationNames = Object.keys(relations) as RelationName[];

/** The relations that a thing of this type has. */
export function relationsOf(type: EntityType): readonly RelationName[] {
  return relationsByType[type];
}

const relationsByType = Object.fromEntries(
  entityTypes.map(type => [type, relationNames.filter(name => relations[name].subject === type)]),
) as Record<EntityType, RelationName[]>;

/** Pairs of relations that make a two-hop question: the object of the first is the subject of the second. */
export const twoHops: readonly (readonly [RelationName, RelationName])[] = relationNames.flatMap(first =>
  relationNames
    .filter(second => relations[first].object === relations[second].subject)
    .map(second => [first, second] as const),
);

/** What a statement may open with. Most open with nothing. */
export const openings = ['', '', '', '', '', '', 'In fact, ', 'Sources say that '] as const;

/** The template with names in it. */
export function fill(template: string, subject: string, object = ''): string {
  // Functions, because "$" in a replacement has a meaning.
  return template.replace('{s}', () => subject).replace('{o}', () => object);
}
