/** @file What a context says, read from its sentences: what tests compare contexts with. */
import { entityTypes, openings, relationNames, relations } from '../relations';
import type { Statement, World } from '../world';

/** @throws Error if a sentence says nothing, or two things */
export function readStatements(context: string, world: World): Statement[] {
  return context.split(/(?<=\.) /).map(sentence => {
    const readings = readSentence(sentence, world);
    if (readings.length !== 1) throw new Error(`${readings.length} readings of ${JSON.stringify(sentence)}`);
    return readings[0];
  });
}

/** Each wording of a statement as a pattern. */
const patterns = relationNames.flatMap(relation =>
  relations[relation].statements.map(template => {
    const pattern = template.replace('.', '\\.').replace('{s}', '(?<s>.+)').replace('{o}', '(?<o>.+)');
    return { relation, pattern: new RegExp(`^${pattern}$`) };
  }),
);

function readSentence(sentence: string, world: World): Statement[] {
  const opening = openings.find(text => text !== '' && sentence.startsWith(text)) ?? '';
  const rest = sentence.slice(opening.length).replace(/^the /, 'The ');
  const names = namesOf(world);
  return patterns.flatMap(({ relation, pattern }) => {
    const { s: subject, o: object } = pattern.exec(rest)?.groups ?? { s: '', o: '' };
    const { subject: subjectType, object: objectType } = relations[relation];
    const isSense = names[subjectType].has(subject) && names[objectType].has(object);
    return isSense ? [{ subject, relation, object }] : [];
  });
}

const cache = new WeakMap<World, Record<string, Set<string>>>();

function namesOf(world: World): Record<string, Set<string>> {
  const known = cache.get(world);
  if (known) return known;
  const entries = entityTypes.map(
    type => [type, new Set([...world.subjects(type, 'known'), ...world.subjects(type, 'novel')])] as const,
  );
  const names = {
    ...Object.fromEntries(entries),
    country: new Set(world.objects('country')),
    job: new Set(world.objects('job')),
  };
  cache.set(world, names);
  return names;
}
