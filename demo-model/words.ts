/** @file All words of the world and of its documents: what the vocabulary must hold. */
import { documentWordings } from './documents';
import { nameWords } from './names';
import { openings, relationNames, relations } from './relations';

/** Without repetition, in a fixed order. */
export function allWords(): string[] {
  const templates = relationNames.flatMap(name => {
    const { statements, questions, phrase } = relations[name];
    // After an opening, a sentence begins with a small letter.
    return [...statements, ...statements.map(text => text.replace(/^The /, 'the ')), ...questions, phrase];
  });
  const texts = [
    ...templates.map(text => text.replace(/\{[so]\}/g, ' ')),
    ...openings,
    ...documentWordings(),
  ];
  return [...new Set([...nameWords, ...texts.flatMap(text => text.match(/[A-Za-z]+/g) ?? [])])];
}
