/** @file Added tokens: strings that are found in the text before anything else and have ids of their own. */
import * as v from 'valibot';

import { AlignedText } from './aligned-text';
import { idBound } from './byte-pair-encoding';
import type { Normalizer } from './normalizer';
import { escapeForRegExp } from './pattern';

export const AddedTokenSchema = v.object({
  id: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(idBound - 1)),
  content: v.string(),
  /** Only between non-word characters. */
  single_word: v.optional(v.boolean(), false),
  /** Swallows the whitespace to its left, or right. */
  lstrip: v.optional(v.boolean(), false),
  rstrip: v.optional(v.boolean(), false),
  /** Searched in the normalised text rather than in the text as given. */
  normalized: v.optional(v.boolean(), false),
  special: v.optional(v.boolean(), false),
});
export type AddedToken = v.InferOutput<typeof AddedTokenSchema>;

/** A stretch of text: an added token, or (`token` undefined) text between them. */
export interface Section {
  text: AlignedText;
  token?: AddedToken;
}

/** Splits texts at the added tokens and normalises what lies between them. */
export class AddedTokens {
  private readonly asGiven: TokenFinder;
  private readonly inNormalized: TokenFinder;

  constructor(
    tokens: readonly AddedToken[],
    private readonly normalizer: Normalizer,
  ) {
    const finderOf = (searched: readonly AddedToken[]): TokenFinder =>
      new TokenFinder(new Map(searched.map(token => [this.searchedContent(token), token])));
    this.asGiven = finderOf(tokens.filter(token => !token.normalized));
    this.inNormalized = finderOf(tokens.filter(token => token.normalized));
  }

  /** The string that the token is found by. It is also what a decoder gets to see. */
  searchedContent({ content, normalized }: AddedToken): string {
    return normalized ? this.normalizer(AlignedText.original(content)).text : content;
  }

  /** @param special whether special tokens are looked for; if not, they are plain text */
  sections(text: AlignedText, special: boolean): Section[] {
    return this.asGiven.split(text, special).flatMap(section => {
      return section.token ? [section] : this.inNormalized.split(this.normalizer(section.text), special);
    });
  }
}

const wordEnd = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u;
const wordStart = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u;

/** Finds a set of tokens, leftmost first and longest first. */
class TokenFinder {
  private readonly pattern: RegExp | undefined;

  /** @param tokens by the strings that they are found by */
  constructor(private readonly tokens: ReadonlyMap<string, AddedToken>) {
    const contents = [...tokens.keys()].filter(content => content !== '').sort((a, b) => b.length - a.length);
    this.pattern =
      contents.length === 0 ? undefined : new RegExp(contents.map(escapeForRegExp).join('|'), 'g');
  }

  split(source: AlignedText, special: boolean): Section[] {
    const { text } = source;
    const sections: Section[] = [];
    let done = 0;
    for (const match of this.pattern ? text.matchAll(this.pattern) : []) {
      const token = this.tokens.get(match[0]);
      const [start, end] = [match.index, match.index + match[0].length];
      if (!token || (token.special && !special) || (token.single_word && !isSingleWord(text, start, end)))
        continue;
      const from = token.lstrip ? Math.max(done, start - trailingSpace(text.slice(0, start))) : start;
      const to = token.rstrip ? end + leadingSpace(text.slice(end)) : end;
      if (done < from) sections.push({ text: source.slice(done, from) });
      sections.push({ text: source.slice(from, to), token });
      done = to;
    }
    if (done < text.length) sections.push({ text: source.slice(done, text.length) });
    return sections;
  }
}

function isSingleWord(text: string, start: number, end: number): boolean {
  return !wordEnd.test(text.slice(Math.max(start - 2, 0), start)) && !wordStart.test(text.slice(end));
}

function leadingSpace(text: string): number {
  return /^\p{White_Space}*/u.exec(text)?.[0].length ?? 0;
}

function trailingSpace(text: string): number {
  let at = text.length;
  while (at > 0 && /\p{White_Space}/u.test(text[at - 1])) at--;
  return text.length - at;
}
