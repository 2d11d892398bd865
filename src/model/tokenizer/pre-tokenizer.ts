/** @file Pre-tokenizers: cut the normalised text into the words that the model splits further. */
import * as v from 'valibot';

import { type AlignedText, prepend, replaceAll } from './aligned-text';
import { toByteCharacters } from './byte-alphabet';
import { optionsOf, typeOf, unsupported } from './component';
import { BehaviorSchema, compilePattern, escapeForRegExp, PatternSchema, split } from './pattern';

export type PreTokenizer = (word: AlignedText) => AlignedText[];

const SequenceOptions = v.object({ pretokenizers: v.array(v.unknown()) });
const ByteLevelOptions = v.object({
  add_prefix_space: v.optional(v.boolean(), true),
  use_regex: v.optional(v.boolean(), true),
});
const SplitOptions = v.object({
  pattern: PatternSchema,
  behavior: BehaviorSchema,
  invert: v.optional(v.boolean(), false),
});
const DigitsOptions = v.object({ individual_digits: v.optional(v.boolean(), false) });
const PunctuationOptions = v.object({ behavior: v.optional(BehaviorSchema, 'Isolated') });
const MetaspaceOptions = v.object({
  replacement: v.string(),
  /** Older files say `add_prefix_space` instead. */
  prepend_scheme: v.optional(v.picklist(['always', 'first', 'never'])),
  add_prefix_space: v.optional(v.boolean(), true),
  split: v.optional(v.boolean(), true),
});

const gpt2Pattern = compilePattern({
  Regex: String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`,
});
const numbers = /\p{N}/gu;
/** ASCII counts symbols such as `$` and `+` as punctuation, Unicode does not. */
const punctuation = /[\p{P}!-/:-@[-`{-~]/gu;
const whitespace = /\p{White_Space}/gu;
const wordsAndSymbols = compilePattern({ Regex: String.raw`\w+|[^\w\s]+` });

/** @throws InputError naming the component that is not supported */
export function createPreTokenizer(config: unknown): PreTokenizer {
  if (config == null) return word => [word];
  const type = typeOf(config, 'pre-tokenizer');
  switch (type) {
    case 'Sequence': {
      const stages = optionsOf(config, SequenceOptions, 'pre-tokenizer Sequence').pretokenizers.map(
        createPreTokenizer,
      );
      return word => stages.reduce((words, stage) => words.flatMap(stage), [word]);
    }
    case 'ByteLevel':
      return byteLevel(optionsOf(config, ByteLevelOptions, 'pre-tokenizer ByteLevel'));
    case 'Split': {
      const { pattern, behavior, invert } = optionsOf(config, SplitOptions, 'pre-tokenizer Split');
      const compiled = compilePattern(pattern);
      return word => split(word, compiled, behavior, invert);
    }
    case 'Metaspace':
      return metaspace(optionsOf(config, MetaspaceOptions, 'pre-tokenizer Metaspace'));
    case 'Digits': {
      const { individual_digits } = optionsOf(config, DigitsOptions, 'pre-tokenizer Digits');
      return word => split(word, numbers, individual_digits ? 'Isolated' : 'Contiguous');
    }
    case 'Punctuation': {
      const { behavior } = optionsOf(config, PunctuationOptions, 'pre-tokenizer Punctuation');
      return word => split(word, punctuation, behavior);
    }
    case 'Whitespace':
      return word => split(word, wordsAndSymbols, 'Removed', true);
    case 'WhitespaceSplit':
      return word => split(word, whitespace, 'Removed');
    default:
      return unsupported('pre-tokenizer', type);
  }
}

function byteLevel(options: v.InferOutput<typeof ByteLevelOptions>): PreTokenizer {
  return word => {
    const addsSpace = options.add_prefix_space && !word.text.startsWith(' ');
    const prefixed = addsSpace ? prepend(word, ' ') : word;
    const words = options.use_regex ? split(prefixed, gpt2Pattern, 'Isolated') : [prefixed];
    return words.map(toByteCharacters);
  };
}

function metaspace(options: v.InferOutput<typeof MetaspaceOptions>): PreTokenizer {
  const { replacement } = options;
  const scheme = options.prepend_scheme ?? (options.add_prefix_space ? 'always' : 'never');
  const pattern = new RegExp(escapeForRegExp(replacement), 'gu');
  return word => {
    const replaced = replaceAll(word, / /g, replacement);
    const wanted = scheme === 'always' || (scheme === 'first' && isFirst(word));
    const prefixed =
      wanted && !replaced.text.startsWith(replacement) ? prepend(replaced, replacement) : replaced;
    return options.split ? split(prefixed, pattern, 'MergedWithNext') : [prefixed];
  };
}

function isFirst(word: AlignedText): boolean {
  return word.text !== '' && word.originalStart(0) === 0;
}
