/** @file Decoders: from tokens back to text. */
import * as v from 'valibot';

import { bytesOfToken } from './byte-alphabet';
import { optionsOf, typeOf, unsupported } from './component';
import { compilePattern, PatternSchema } from './pattern';

/** A stage: tokens in, tokens (or pieces of text) out; the last stage's output is joined. */
export type Decoder = (tokens: readonly string[]) => readonly string[];

const SequenceOptions = v.object({ decoders: v.array(v.unknown()) });
const ReplaceOptions = v.object({ pattern: PatternSchema, content: v.string() });
const StripOptions = v.object({ content: v.string(), start: v.number(), stop: v.number() });
const MetaspaceOptions = v.object({
  replacement: v.string(),
  prepend_scheme: v.optional(v.picklist(['always', 'first', 'never'])),
  /** What older files say instead of `prepend_scheme`. */
  add_prefix_space: v.optional(v.boolean(), true),
});

const lenient = new TextDecoder('utf-8', { ignoreBOM: true });
const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** @throws InputError naming the component that is not supported */
export function createDecoder(config: unknown): Decoder {
  // Without a decoder, the reference library puts spaces between the tokens.
  if (config == null) return tokens => [tokens.join(' ')];
  const type = typeOf(config, 'decoder');
  switch (type) {
    case 'Sequence': {
      const stages = optionsOf(config, SequenceOptions, 'decoder Sequence').decoders.map(createDecoder);
      return tokens => stages.reduce((result, stage) => stage(result), tokens);
    }
    case 'ByteLevel':
      return tokens => [lenient.decode(Buffer.concat(tokens.map(bytesOfToken)))];
    case 'ByteFallback':
      return decodeFallbackBytes;
    case 'Fuse':
      return tokens => [tokens.join('')];
    case 'Replace': {
      const { pattern, content } = optionsOf(config, ReplaceOptions, 'decoder Replace');
      const compiled = compilePattern(pattern);
      return tokens => tokens.map(token => token.replace(compiled, () => content));
    }
    case 'Strip': {
      const { content, start, stop } = optionsOf(config, StripOptions, 'decoder Strip');
      return tokens => tokens.map(token => strip(token, content, start, stop));
    }
    case 'Metaspace': {
      const options = optionsOf(config, MetaspaceOptions, 'decoder Metaspace');
      const scheme = options.prepend_scheme ?? (options.add_prefix_space ? 'always' : 'never');
      const first = scheme === 'never' ? ' ' : '';
      return tokens => tokens.map((token, i) => token.replaceAll(options.replacement, i === 0 ? first : ' '));
    }
    default:
      return unsupported('decoder', type);
  }
}

/** Joins runs of `<0x..>` tokens to characters; each byte of a run that is not UTF-8 becomes U+FFFD. */
function decodeFallbackBytes(tokens: readonly string[]): string[] {
  const decoded: string[] = [];
  let run: number[] = [];
  const endRun = (): void => {
    if (run.length > 0) decoded.push(decodeRun(Uint8Array.from(run)));
    run = [];
  };
  for (const token of tokens) {
    const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(token);
    if (byte) {
      run.push(Number.parseInt(byte[1], 16));
    } else {
      endRun();
      decoded.push(token);
    }
  }
  endRun();
  return decoded;
}

function decodeRun(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return '\ufffd'.repeat(bytes.length);
    throw error;
  }
}

/** Removes up to `start` leading and `stop` trailing characters that equal `content`. */
function strip(token: string, content: string, start: number, stop: number): string {
  const characters = [...token];
  let from = 0;
  while (from < start && characters[from] === content) from++;
  let to = characters.length;
  while (to > from && characters.length - to < stop && characters[to - 1] === content) to--;
  return characters.slice(from, to).join('');
}
