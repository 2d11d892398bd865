/** @file A checkpoint's tokenizer: text to token ids with their places in the text, ids to text, chat prompts. */
import { InputError } from '../../common/errors';
import { AddedTokens } from './added-tokens';
import { AlignedText } from './aligned-text';
import { BytePairEncoding } from './byte-pair-encoding';
import { type ChatMessage, renderChatTemplate } from './chat-template';
import { unsupported } from './component';
import { createDecoder, type Decoder } from './decoder';
import { createNormalizer } from './normalizer';
import { createPostProcessor, type PostProcessor, type Token } from './post-processor';
import { createPreTokenizer, type PreTokenizer } from './pre-tokenizer';
import { readTokenizerFiles, type TokenizerFiles, type TokenizerJson } from './tokenizer-files';

export type { ChatMessage } from './chat-template';

export interface Encoding {
  ids: number[];
  /** UTF-16 `[start, end)` into the original text, one for each id; `[0, 0]` for special tokens that were added. */
  offsets: [number, number][];
}

export interface EncodeOptions {
  /** Adds the special tokens of the post-processor's template. Default: false. */
  addSpecialTokens?: boolean;
  /** Whether `<|user|>` in the text becomes its id (default) or is plain text. */
  specialTokensInText?: boolean;
  /**
   * `untrimmed` (default): a leading space belongs to its token. `trimmed`: what the reference library reports, which
   * leaves whitespace out if, and only if, the post-processor says `trim_offsets`.
   */
  offsets?: 'untrimmed' | 'trimmed';
}

/** The pipeline of Hugging Face's tokenizer.json with byte-pair encoding as its model. */
export class Tokenizer {
  readonly bosTokenId: number | undefined;
  readonly eosTokenId: number | undefined;
  readonly padTokenId: number | undefined;

  private readonly addedTokens: AddedTokens;
  private readonly preTokenize: PreTokenizer;
  private readonly model: BytePairEncoding;
  private readonly postProcessor: PostProcessor;
  private readonly decodeTokens: Decoder;
  /** Id → token. */
  private readonly tokens: (string | undefined)[] = [];
  private readonly specialIds: ReadonlySet<number>;

  private constructor(
    private readonly folder: string,
    private readonly files: TokenizerFiles,
  ) {
    const { tokenizer, specialTokens } = files;
    const normalizer = createNormalizer(tokenizer.normalizer);
    this.addedTokens = new AddedTokens(tokenizer.added_tokens, normalizer);
    this.preTokenize = createPreTokenizer(tokenizer.pre_tokenizer);
    this.model = createModel(tokenizer.model);
    this.postProcessor = createPostProcessor(tokenizer.post_processor);
    this.decodeTokens = createDecoder(tokenizer.decoder);
    for (const [token, id] of this.model.vocabulary) this.tokens[id] = token;
    for (const token of tokenizer.added_tokens)
      this.tokens[token.id] = this.addedTokens.searchedContent(token);
    this.specialIds = new Set(tokenizer.added_tokens.filter(({ special }) => special).map(({ id }) => id));
    this.bosTokenId = this.idOf(specialTokens.bos_token);
    this.eosTokenId = this.idOf(specialTokens.eos_token);
    this.padTokenId = this.idOf(specialTokens.pad_token);
  }

  /**
   * Reads tokenizer.json and, where present, tokenizer_config.json, special_tokens_map.json and chat_template.jinja.
   * @throws InputError if a file is missing or not valid, or asks for a component that is not supported
   */
  static load(folder: string): Tokenizer {
    const files = readTokenizerFiles(folder);
    try {
      return new Tokenizer(folder, files);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new InputError(`${files.file}: ${error.message}. Use a checkpoint with a supported tokenizer.`);
    }
  }

  /** Number of tokens, added ones included. */
  get vocabularySize(): number {
    return this.tokens.reduce(count => count + 1, 0);
  }

  encode(text: string, options: EncodeOptions = {}): Encoding {
    // Half a surrogate pair has no UTF-8; it becomes U+FFFD, which is as long.
    const original = AlignedText.original(text.replace(/\p{Surrogate}/gu, '\ufffd'));
    let tokens = this.addedTokens
      .sections(original, options.specialTokensInText ?? true)
      .flatMap(({ text: section, token }) => (token ? [whole(section, token)] : this.encodeSection(section)));
    if (options.offsets === 'trimmed') tokens = this.postProcessor.trim(tokens, text);
    if (options.addSpecialTokens) tokens = this.postProcessor.addSpecialTokens(tokens);
    return { ids: tokens.map(({ id }) => id), offsets: tokens.map(({ span }) => span) };
  }

  /** Ids that are not in the vocabulary are left out, as in the reference library. */
  decode(ids: readonly number[], options: { skipSpecialTokens?: boolean } = {}): string {
    const tokens = ids.flatMap(id => {
      const token = options.skipSpecialTokens && this.specialIds.has(id) ? undefined : this.tokens[id];
      return token ?? [];
    });
    return this.decodeTokens(tokens).join('');
  }

  /** @throws InputError if the checkpoint has no chat template, or the template refuses the messages */
  renderChat(messages: readonly ChatMessage[], options: { addGenerationPrompt: boolean }): string {
    const template = this.files.chatTemplate;
    if (!template) {
      throw new InputError(
        `${this.folder} has no chat template. Use a plain prompt, or a checkpoint whose tokenizer_config.json has "chat_template".`,
      );
    }
    const { text, file } = template;
    return renderChatTemplate(text, this.files.specialTokens, messages, options.addGenerationPrompt, file);
  }

  private idOf(token: string | undefined): number | undefined {
    if (token === undefined) return undefined;
    const added = this.files.tokenizer.added_tokens.find(({ content }) => content === token);
    return added?.id ?? this.model.vocabulary.get(token);
  }

  private encodeSection(section: AlignedText): Token[] {
    const tokens: Token[] = [];
    for (const word of this.preTokenize(section)) {
      for (const { id, start, end } of this.model.tokenize(word.text)) {
        tokens.push({ id, text: this.tokens[id] ?? '', span: word.originalSpan(start, end) });
      }
    }
    return tokens;
  }
}

function createModel(config: TokenizerJson['model']): BytePairEncoding {
  return config.type === 'BPE' ? new BytePairEncoding(config) : unsupported('model', config.type);
}

function whole(section: AlignedText, token: { id: number }): Token {
  return { id: token.id, text: section.text, span: section.originalSpan(0, section.text.length) };
}
