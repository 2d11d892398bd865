/** @file Normalisers: the first stage of tokenizer.json, from the text as given to the text that is split. */
import * as v from 'valibot';

import { type AlignedText, prepend, replaceAll } from './aligned-text';
import { optionsOf, typeOf, unsupported } from './component';
import { compilePattern, PatternSchema } from './pattern';
import { normalizeUnicode } from './unicode-normalization';

export type Normalizer = (text: AlignedText) => AlignedText;

const SequenceOptions = v.object({ normalizers: v.array(v.unknown()) });
const PrependOptions = v.object({ prepend: v.string() });
const ReplaceOptions = v.object({ pattern: PatternSchema, content: v.string() });
const StripOptions = v.object({ strip_left: v.boolean(), strip_right: v.boolean() });

/** @throws InputError naming the component that is not supported */
export function createNormalizer(config: unknown): Normalizer {
  if (config == null) return text => text;
  const type = typeOf(config, 'normalizer');
  switch (type) {
    case 'Sequence': {
      const stages = optionsOf(config, SequenceOptions, 'normalizer Sequence').normalizers.map(
        createNormalizer,
      );
      return text => stages.reduce((result, stage) => stage(result), text);
    }
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD':
      return text => normalizeUnicode(text, type);
    case 'Prepend': {
      const options = optionsOf(config, PrependOptions, 'normalizer Prepend');
      return text => prepend(text, options.prepend);
    }
    case 'Replace': {
      const { pattern, content } = optionsOf(config, ReplaceOptions, 'normalizer Replace');
      const compiled = compilePattern(pattern);
      return text => replaceAll(text, compiled, content);
    }
    case 'Strip': {
      const options = optionsOf(config, StripOptions, 'normalizer Strip');
      return text => strip(text, options.strip_left, options.strip_right);
    }
    default:
      return unsupported('normalizer', type);
  }
}

function strip(source: AlignedText, left: boolean, right: boolean): AlignedText {
  const { text } = source;
  const start = left ? text.length - text.replace(/^\p{White_Space}+/u, '').length : 0;
  const end = right ? text.replace(/\p{White_Space}+$/u, '').length : text.length;
  return source.slice(start, Math.max(start, end));
}
