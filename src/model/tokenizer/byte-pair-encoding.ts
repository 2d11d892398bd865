/** @file The model: byte-pair encoding. Splits a word into tokens of the vocabulary by the ranked merges. */
import * as v from 'valibot';

import { InputError } from '../../common/errors';
import { characterLength } from './aligned-text';
import { optionsOf } from './component';
import { MergeQueue } from './merge-queue';
import { MergeTable } from './merge-table';

/** A token of a word; `[start, end)` in UTF-16 code units of the word. */
export interface WordToken {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

/** `JSON.parse` gave it: its entries are checked one by one when they are read, without a copy. */
const EntriesSchema = v.custom<Record<string, unknown>>(
  value => typeof value === 'object' && value !== null && !Array.isArray(value),
  'must be an object',
);
const ModelOptions = v.object({
  vocab: EntriesSchema,
  merges: v.custom<unknown[]>(Array.isArray, 'must be a list'),
  unk_token: v.nullish(v.string()),
  continuing_subword_prefix: v.nullish(v.string(), ''),
  end_of_word_suffix: v.nullish(v.string(), ''),
  fuse_unk: v.nullish(v.boolean(), false),
  byte_fallback: v.nullish(v.boolean(), false),
  ignore_merges: v.nullish(v.boolean(), false),
});
type Options = v.InferOutput<typeof ModelOptions>;

/** Far above any published vocabulary; keeps a hostile file from filling the memory. */
export const idBound = 2 ** 24;
/** In place of the id of a symbol that was merged into the one before it. */
const merged = -1;
const maximumCachedWords = 50_000;
const maximumCachedLength = 256;

export class BytePairEncoding {
  readonly vocabulary: ReadonlyMap<string, number>;
  private readonly options: Options;
  private readonly merges: MergeTable;
  private readonly unknownId: number | undefined;
  private readonly fallbackIds: readonly (number | undefined)[];
  private readonly cache = new Map<string, readonly WordToken[]>();
  private readonly encoder = new TextEncoder();

  /** @param config `model` of tokenizer.json. @throws InputError naming what is wrong with it */
  constructor(config: unknown) {
    this.options = optionsOf(config, ModelOptions, 'model BPE');
    this.vocabulary = readVocabulary(this.options.vocab);
    this.merges = new MergeTable(this.options.merges.length);
    this.options.merges.forEach((merge, rank) => this.addMerge(merge, rank));
    this.unknownId = this.findUnknown();
    this.fallbackIds = Array.from({ length: 256 }, (_, byte) =>
      this.vocabulary.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`),
    );
  }

  tokenize(word: string): readonly WordToken[] {
    const cached = this.cache.get(word);
    if (cached) return cached;
    const tokens = this.wholeWord(word) ?? this.merge(this.symbols(word));
    if (word.length <= maximumCachedLength) {
      if (this.cache.size >= maximumCachedWords) this.cache.clear();
      this.cache.set(word, tokens);
    }
    return tokens;
  }

  private wholeWord(word: string): WordToken[] | undefined {
    const id = this.options.ignore_merges ? this.vocabulary.get(word) : undefined;
    return id === undefined ? undefined : [{ id, start: 0, end: word.length }];
  }

  /** The word's characters as tokens; characters that are none become bytes, or else the unknown token. */
  private symbols(word: string): WordToken[] {
    const symbols: WordToken[] = [];
    let openUnknown = false;
    for (let start = 0; start < word.length;) {
      const end = start + characterLength(word, start);
      const ids = this.idsOfCharacter(word, start, end);
      const last = symbols.at(-1);
      if (ids) for (const id of ids) symbols.push({ id, start, end });
      else if (openUnknown && this.options.fuse_unk && last) symbols[symbols.length - 1] = { ...last, end };
      else if (this.unknownId !== undefined) symbols.push({ id: this.unknownId, start, end });
      openUnknown = !ids && this.unknownId !== undefined;
      start = end;
    }
    return symbols;
  }

  private idsOfCharacter(word: string, start: number, end: number): number[] | undefined {
    const character = word.slice(start, end);
    const prefix = start > 0 ? this.options.continuing_subword_prefix : '';
    const suffix = end === word.length ? this.options.end_of_word_suffix : '';
    const text = `${prefix}${character}${suffix}`;
    const id = this.vocabulary.get(text);
    if (id !== undefined) return [id];
    if (!this.options.byte_fallback) return undefined;
    const ids: number[] = [];
    for (const byte of this.encoder.encode(text)) {
      const fallback = this.fallbackIds[byte];
      if (fallback === undefined) return undefined;
      ids.push(fallback);
    }
    return ids;
  }

  /** Merges neighbours, lowest rank first and leftmost first among equals, until no merge is left. */
  private merge(symbols: WordToken[]): WordToken[] {
    const count = symbols.length;
    if (count < 2) return symbols;
    const ids = symbols.map(({ id }) => id);
    const next = symbols.map((_, i) => i + 1);
    const previous = symbols.map((_, i) => i - 1);
    const queue = new MergeQueue();
    const enqueue = (left: number, right: number): void => {
      const rank = left >= 0 && right < count ? this.merges.rank(ids[left], ids[right]) : -1;
      if (rank >= 0) queue.push(rank, left);
    };
    for (let i = 1; i < count; i++) enqueue(i - 1, i);
    for (let top = queue.pop(); top; top = queue.pop()) {
      const left = top.position;
      const right = next[left];
      // An entry is stale once either of its two symbols was merged with another one.
      if (right >= count || ids[left] === merged || this.merges.rank(ids[left], ids[right]) !== top.rank)
        continue;
      ids[left] = this.merges.merged(ids[left], ids[right]);
      ids[right] = merged;
      next[left] = next[right];
      if (next[right] < count) previous[next[right]] = left;
      enqueue(previous[left], left);
      enqueue(left, next[left]);
    }
    return collect(symbols, ids, next);
  }

  private addMerge(merge: unknown, rank: number): void {
    const [left, right] = partsOfMerge(merge, rank);
    const leftId = this.vocabulary.get(left);
    const rightId = this.vocabulary.get(right);
    const mergedId = this.vocabulary.get(left + right.slice(this.options.continuing_subword_prefix.length));
    if (leftId === undefined || rightId === undefined || mergedId === undefined) {
      throw new InputError(`model BPE: merge ${rank} uses a token that is not in the vocabulary`);
    }
    this.merges.add(leftId, rightId, rank, mergedId);
  }

  private findUnknown(): number | undefined {
    const { unk_token: token } = this.options;
    if (token == null) return undefined;
    const id = this.vocabulary.get(token);
    if (id === undefined)
      throw new InputError(`model BPE: unk_token ${JSON.stringify(token)} is not in the vocabulary`);
    return id;
  }
}

function readVocabulary(entries: Record<string, unknown>): Map<string, number> {
  const vocabulary = new Map<string, number>();
  for (const token of Object.keys(entries)) {
    const id = entries[token];
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= idBound) {
      throw new InputError(
        `model BPE: the id of token ${JSON.stringify(token)} is not a whole number below ${idBound}`,
      );
    }
    vocabulary.set(token, id);
  }
  return vocabulary;
}

/** Older files write a merge as `"left right"`, newer ones as `["left", "right"]`. */
function partsOfMerge(merge: unknown, rank: number): [string, string] {
  if (typeof merge === 'string') {
    const space = merge.indexOf(' ');
    if (space >= 0 && space === merge.lastIndexOf(' '))
      return [merge.slice(0, space), merge.slice(space + 1)];
  } else if (Array.isArray(merge) && merge.length === 2) {
    const [left, right] = merge as unknown[];
    if (typeof left === 'string' && typeof right === 'string') return [left, right];
  }
  throw new InputError(`model BPE: merge ${rank} is not a pair of tokens`);
}

/** The symbols that are left, each from the start of its first to the end of its last. */
function collect(
  symbols: readonly WordToken[],
  ids: readonly number[],
  next: readonly number[],
): WordToken[] {
  const tokens: WordToken[] = [];
  for (let i = 0; i < symbols.length; i = next[i]) {
    tokens.push({ id: ids[i], start: symbols[i].start, end: symbols[next[i] - 1].end });
  }
  return tokens;
}
