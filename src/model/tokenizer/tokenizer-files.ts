/** @file The files of a checkpoint that describe its tokenizer. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';

import { InputError } from '../../common/errors';
import { withInputErrors } from '../../common/file-access';
import { AddedTokenSchema } from './added-tokens';

/** The largest published tokenizer.json has some 35 MB. */
const maximumBytes = 200_000_000;

const TokenizerJsonSchema = v.object({
  added_tokens: v.optional(v.array(AddedTokenSchema), []),
  normalizer: v.optional(v.unknown()),
  pre_tokenizer: v.optional(v.unknown()),
  post_processor: v.optional(v.unknown()),
  decoder: v.optional(v.unknown()),
  model: v.looseObject({ type: v.optional(v.string(), 'BPE') }),
});
export type TokenizerJson = v.InferOutput<typeof TokenizerJsonSchema>;

/** A special token is given by its content, or by an object that has it. */
const SpecialTokenSchema = v.pipe(
  v.union([v.string(), v.object({ content: v.string() })]),
  v.transform(token => (typeof token === 'string' ? token : token.content)),
);
const specialTokenNames = [
  'bos_token',
  'eos_token',
  'pad_token',
  'unk_token',
  'cls_token',
  'sep_token',
  'mask_token',
];
const SpecialTokensSchema = v.object(v.entriesFromList(specialTokenNames, v.nullish(SpecialTokenSchema)));

const ChatTemplateSchema = v.nullish(
  v.union([v.string(), v.array(v.object({ name: v.string(), template: v.string() }))]),
);
const TokenizerConfigSchema = v.object({ chat_template: ChatTemplateSchema });

export interface TokenizerFiles {
  /** Path of tokenizer.json. */
  file: string;
  tokenizer: TokenizerJson;
  /** Contents by name: `bos_token`, `eos_token`, … */
  specialTokens: Record<string, string>;
  chatTemplate: { text: string; file: string } | undefined;
}

/** @throws InputError naming the file that is missing or not valid */
export function readTokenizerFiles(folder: string): TokenizerFiles {
  const file = path.join(folder, 'tokenizer.json');
  const text = readText(file);
  if (text === undefined) {
    throw new InputError(`${file} does not exist. Choose a checkpoint folder that holds its tokenizer.`);
  }
  const configFile = path.join(folder, 'tokenizer_config.json');
  const config = readJson(configFile);
  const mapFile = path.join(folder, 'special_tokens_map.json');
  return {
    file,
    tokenizer: check(TokenizerJsonSchema, parseJson(text, file), file),
    specialTokens: {
      ...specialTokensOf(readJson(mapFile), mapFile),
      ...specialTokensOf(config, configFile),
    },
    chatTemplate: readChatTemplate(folder, config, configFile),
  };
}

function specialTokensOf(json: unknown, file: string): Record<string, string> {
  const tokens = Object.entries(check(SpecialTokensSchema, json, file));
  return Object.fromEntries(tokens.filter((entry): entry is [string, string] => entry[1] != null));
}

/** A file of its own wins over the configuration; of several named templates, the one named "default" counts. */
function readChatTemplate(
  folder: string,
  config: unknown,
  configFile: string,
): TokenizerFiles['chatTemplate'] {
  const ownFile = path.join(folder, 'chat_template.jinja');
  const own = readText(ownFile);
  if (own !== undefined) return { text: own, file: ownFile };
  const { chat_template: template } = check(TokenizerConfigSchema, config, configFile);
  const text = Array.isArray(template) ? template.find(({ name }) => name === 'default')?.template : template;
  return text == null ? undefined : { text, file: configFile };
}

/** The parsed file, or an empty object if there is none. */
function readJson(file: string): unknown {
  const text = readText(file);
  return text === undefined ? {} : parseJson(text, file);
}

function readText(file: string): string | undefined {
  return withInputErrors(file, () => {
    const size = statSync(file, { throwIfNoEntry: false })?.size;
    if (size === undefined) return undefined;
    if (size > maximumBytes) throw new InputError(`${file} is larger than ${maximumBytes} bytes.`);
    return readFileSync(file, 'utf8');
  });
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's own message quotes the text, line breaks included.
    throw new InputError(`${file} is not valid JSON. Download the file again.`);
  }
}

function check<TSchema extends v.GenericSchema>(
  schema: TSchema,
  json: unknown,
  file: string,
): v.InferOutput<TSchema> {
  const parsed = v.safeParse(schema, json);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new InputError(`${file}: "${v.getDotPath(issue) ?? ''}": ${issue.message}. Download the file again.`);
}
