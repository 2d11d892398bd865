/** @file JSON from files that nobody vouches for: what `JSON.parse` accepts in silence is refused. */
import { InputError } from '../../common/errors';

/** The files read here nest at most three levels deep. */
const maximumDepth = 8;
/** Keeps a hostile file from filling the memory; the largest published models have some 100,000 tensors. */
const maximumKeys = 4_000_000;

/**
 * Parses JSON and refuses duplicate keys (`JSON.parse` keeps the last), deep nesting and absurd numbers of keys.
 * @param where what error messages begin with
 */
export function parseStrictJson(text: string, where: string): unknown {
  refuseDuplicateKeys(text, where);
  return parse(text, where);
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's own message quotes the text, line breaks included.
    throw new InputError(`${where} is not valid JSON. Download or write the file again.`);
  }
}

/** One pass over the text. Whether it is JSON at all is left to the parser that runs next. */
function refuseDuplicateKeys(text: string, where: string): void {
  const open: Set<string>[] = [];
  let keys = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '{' || character === '[') {
      open.push(new Set());
      if (open.length > maximumDepth)
        throw new InputError(`${where} is nested more than ${maximumDepth} levels deep.`);
    } else if (character === '}' || character === ']') {
      open.pop();
    } else if (character === '"') {
      const end = endOfString(text, at);
      if (isFollowedByColon(text, end)) {
        const key = String(parse(text.slice(at, end), where));
        const siblings = open.at(-1);
        if (siblings?.has(key)) throw new InputError(`${where} has the key ${JSON.stringify(key)} twice.`);
        siblings?.add(key);
        if (++keys > maximumKeys) throw new InputError(`${where} has more than ${maximumKeys} keys.`);
      }
      at = end - 1;
    }
  }
}

/** Position after the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function isFollowedByColon(text: string, from: number): boolean {
  let at = from;
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\t' || text[at] === '\r') at++;
  return text[at] === ':';
}
