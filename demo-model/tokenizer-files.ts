/** @file The tokenizer: byte-level byte-pair encoding in which every word of the world is one token. */
import path from 'node:path';

import { writeJsonAtomically } from '../src/common/atomic-file';
import { byteCharacters } from '../src/model/tokenizer/byte-alphabet';
import { chatTemplate, endOfText, padding, specialTokens } from './chat-format';
import { learnMerges, type Merge } from './merges';
import { allWords } from './words';

/** Longest sequence that tokenizer_config.json allows; documents are shorter. */
const maximumLength = 1024;
const space = byteCharacters[' '.charCodeAt(0)];

/** Token as tokenizer.json spells it → id. Special tokens come first, then bytes, then what merges make. */
export function buildVocabulary(merges: readonly Merge[] = allMerges()): Map<string, number> {
  const merged = merges.map(([left, right]) => left + right);
  const tokens = new Set<string>([...specialTokens, ...byteCharacters, ...merged]);
  return new Map([...tokens].map((token, id) => [token, id]));
}

/** Merges that make each word one token, and then each word with a space before it. */
function allMerges(): Merge[] {
  const words = allWords();
  return [...learnMerges(words), ...words.map((word): Merge => [space, word])];
}

/** Ids of each word with a space before it and without; what they mean is the same. */
export function spacedWordIds(vocabulary: ReadonlyMap<string, number>): { spaced: number; plain: number }[] {
  return allWords().map(word => ({ spaced: idOf(vocabulary, space + word), plain: idOf(vocabulary, word) }));
}

function idOf(vocabulary: ReadonlyMap<string, number>, token: string): number {
  const id = vocabulary.get(token);
  if (id === undefined) throw new Error(`The vocabulary lacks ${JSON.stringify(token)}.`);
  return id;
}

/** Writes tokenizer.json, tokenizer_config.json and special_tokens_map.json. */
export function writeTokenizerFiles(folder: string): void {
  const merges = allMerges();
  const vocabulary = buildVocabulary(merges);
  const names = { eos_token: endOfText, pad_token: padding };
  const additional = specialTokens.filter(token => token !== endOfText && token !== padding);
  const files = {
    'tokenizer.json': tokenizerJson(vocabulary, merges),
    'tokenizer_config.json': {
      tokenizer_class: 'PreTrainedTokenizerFast',
      model_max_length: maximumLength,
      bos_token: null,
      ...names,
      unk_token: null,
      add_bos_token: false,
      add_eos_token: false,
      clean_up_tokenization_spaces: false,
      additional_special_tokens: additional,
      chat_template: chatTemplate(),
    },
    'special_tokens_map.json': { ...names, additional_special_tokens: additional },
  };
  for (const [name, content] of Object.entries(files)) writeJsonAtomically(path.join(folder, name), content);
}

function tokenizerJson(vocabulary: ReadonlyMap<string, number>, merges: readonly Merge[]): object {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specialTokens.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(vocabulary),
      merges: merges.map(([left, right]) => `${left} ${right}`),
    },
  };
}
