/** @file Post-processors: trim offsets and put special tokens around the text. */
import * as v from 'valibot';

import { InputError } from '../../common/errors';
import { characterLength, type Span } from './aligned-text';
import { byteCharacters } from './byte-alphabet';
import { optionsOf, typeOf, unsupported } from './component';

/** A token with its string in the vocabulary. */
export interface Token {
  id: number;
  text: string;
  /** UTF-16, in the original text; [0, 0] for tokens that are not in it. */
  span: Span;
}

export interface PostProcessor {
  /** Leaves whitespace of the original text out of the tokens' spans, if this tokenizer asks for it. */
  trim(tokens: readonly Token[], original: string): Token[];
  /** Adds the special tokens of a single text. */
  addSpecialTokens(tokens: readonly Token[]): Token[];
}

const SequenceOptions = v.object({ processors: v.array(v.unknown()) });
const ByteLevelOptions = v.object({
  trim_offsets: v.optional(v.boolean(), true),
  add_prefix_space: v.optional(v.boolean(), true),
});
const TemplateItem = v.union([
  v.object({ SpecialToken: v.object({ id: v.string() }) }),
  v.object({ Sequence: v.object({ id: v.picklist(['A', 'B']) }) }),
]);
const TemplateOptions = v.object({
  single: v.array(TemplateItem),
  special_tokens: v.record(v.string(), v.object({ ids: v.array(v.number()), tokens: v.array(v.string()) })),
});

const unchanged = (tokens: readonly Token[]): Token[] => [...tokens];

/** @throws InputError naming the component that is not supported */
export function createPostProcessor(config: unknown): PostProcessor {
  if (config == null) return { trim: unchanged, addSpecialTokens: unchanged };
  const type = typeOf(config, 'post-processor');
  switch (type) {
    case 'Sequence': {
      const { processors } = optionsOf(config, SequenceOptions, 'post-processor Sequence');
      const stages = processors.map(createPostProcessor);
      return {
        trim: (tokens, original) =>
          stages.reduce((result, stage) => stage.trim(result, original), [...tokens]),
        addSpecialTokens: tokens =>
          stages.reduce((result, stage) => stage.addSpecialTokens(result), [...tokens]),
      };
    }
    case 'ByteLevel': {
      const options = optionsOf(config, ByteLevelOptions, 'post-processor ByteLevel');
      if (!options.trim_offsets) return { trim: unchanged, addSpecialTokens: unchanged };
      const trim: PostProcessor['trim'] = (tokens, original) =>
        tokens.map((token, i) => trimmed(token, original, i === 0, options.add_prefix_space));
      return { trim, addSpecialTokens: unchanged };
    }
    case 'TemplateProcessing': {
      const template = optionsOf(config, TemplateOptions, 'post-processor TemplateProcessing');
      return { trim: unchanged, addSpecialTokens: fillTemplate(template) };
    }
    default:
      return unsupported('post-processor', type);
  }
}

const isSpace = (character: string): boolean =>
  character === byteCharacters[0x20] || /^\p{White_Space}$/u.test(character);

/** As the reference library does it: counts spaces in the token's string and takes as many characters off its span. */
function trimmed(token: Token, original: string, isFirstToken: boolean, addsPrefixSpace: boolean): Token {
  const characters = [...token.text];
  let [start, end] = token.span;
  let leading = characters.findIndex(character => !isSpace(character));
  if (leading < 0) leading = characters.length;
  let trailing = characters.length - 1 - characters.findLastIndex(character => !isSpace(character));
  // A single space in front of the first token may be the one that was added: it is not in the text.
  if (addsPrefixSpace && leading === 1 && (isFirstToken || start === 0)) leading = 0;
  for (; leading > 0 && start < end; leading--) start += characterLength(original, start);
  for (; trailing > 0 && start < end; trailing--) {
    end -= end >= 2 && characterLength(original, end - 2) === 2 ? 2 : 1;
  }
  return { ...token, span: [start, end] };
}

function fillTemplate(options: v.InferOutput<typeof TemplateOptions>): PostProcessor['addSpecialTokens'] {
  const parts = options.single.map(item => {
    if ('Sequence' in item) return undefined;
    const special = Object.hasOwn(options.special_tokens, item.SpecialToken.id)
      ? options.special_tokens[item.SpecialToken.id]
      : undefined;
    if (!special) {
      throw new InputError(
        `post-processor TemplateProcessing: ${JSON.stringify(item.SpecialToken.id)} has no ids`,
      );
    }
    return special.ids.map((id, i): Token => ({ id, text: special.tokens[i] ?? '', span: [0, 0] }));
  });
  return tokens => parts.flatMap(special => special ?? tokens);
}
