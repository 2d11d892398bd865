/** @file Patterns of tokenizer.json (literal or Oniguruma regular expression) and splitting by them. */
import { SplitPreTokenizer } from '@huggingface/tokenizers';
import * as v from 'valibot';

import { InputError } from '../../common/errors';
import type { AlignedText } from './aligned-text';

/** `{"String": …}` is literal, `{"Regex": …}` an Oniguruma expression. */
export const PatternSchema = v.union([v.object({ String: v.string() }), v.object({ Regex: v.string() })]);
export type Pattern = v.InferOutput<typeof PatternSchema>;

export const BehaviorSchema = v.picklist([
  'Removed',
  'Isolated',
  'MergedWithPrevious',
  'MergedWithNext',
  'Contiguous',
]);
export type Behavior = v.InferOutput<typeof BehaviorSchema>;

/** Matches nothing: what the reference library makes of an empty literal. */
const nothing = /(?!)/gu;

/**
 * The pattern as a global JavaScript expression. Oniguruma differs in classes (`\s`, `\w`), groups and quantifiers;
 * the translation is that of `@huggingface/tokenizers`.
 */
export function compilePattern(pattern: Pattern): RegExp {
  if ('String' in pattern) {
    return pattern.String === '' ? nothing : new RegExp(escapeForRegExp(pattern.String), 'gu');
  }
  try {
    const translated = new SplitPreTokenizer({
      type: 'Split',
      pattern: { Regex: pattern.Regex },
      behavior: 'Isolated',
      invert: false,
    }).pattern;
    if (translated) return translated;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new InputError(`regular expression ${JSON.stringify(pattern.Regex)} is not supported`);
}

export function escapeForRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

interface Part {
  start: number;
  end: number;
  isMatch: boolean;
}

/** Splits by the matches of `pattern` (global); what becomes of them is up to `behavior`. Drops empty pieces. */
export function split(
  source: AlignedText,
  pattern: RegExp,
  behavior: Behavior,
  invert = false,
): AlignedText[] {
  const parts = partsOf(source.text, pattern);
  if (invert) for (const part of parts) part.isMatch = !part.isMatch;
  return joinParts(parts, behavior)
    .filter(({ start, end }) => start < end)
    .map(({ start, end }) => source.slice(start, end));
}

/** Matches and what lies between them, in order, without gaps. */
function partsOf(text: string, pattern: RegExp): Part[] {
  const parts: Part[] = [];
  let done = 0;
  for (const match of text.matchAll(pattern)) {
    const end = match.index + match[0].length;
    if (done < match.index) parts.push({ start: done, end: match.index, isMatch: false });
    parts.push({ start: match.index, end, isMatch: true });
    done = end;
  }
  if (done < text.length) parts.push({ start: done, end: text.length, isMatch: false });
  return parts;
}

function joinParts(parts: readonly Part[], behavior: Behavior): Part[] {
  switch (behavior) {
    case 'Isolated':
      return [...parts];
    case 'Removed':
      return parts.filter(part => !part.isMatch);
    case 'Contiguous':
      return joinWhere(parts, (part, previous) => part.isMatch === previous.isMatch);
    case 'MergedWithPrevious':
      return joinWhere(parts, (part, previous) => part.isMatch && !previous.isMatch);
    case 'MergedWithNext':
      return joinWhere(parts, (part, previous) => !part.isMatch && previous.isMatch);
  }
}

/** Joins each part to the one before it where `joins` says so. */
function joinWhere(parts: readonly Part[], joins: (part: Part, previous: Part) => boolean): Part[] {
  const joined: Part[] = [];
  parts.forEach((part, i) => {
    const last = joined.at(-1);
    if (last && joins(part, parts[i - 1])) last.end = part.end;
    else joined.push({ ...part });
  });
  return joined;
}
