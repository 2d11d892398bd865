/** @file Samples as tokens: prompt, answer, and which tokens are context, question and answer. */
import { InputError } from '../common/errors';
import { layOutUserTurn, type UserTurn } from './prompt';
import { isTokenSample, type Sample, type SampleSpans, type TextSample } from './sample';
import { shifted, type Span, tokensOverlapping } from './spans';

interface EncodeOptions {
  addSpecialTokens?: boolean;
  /** Whether strings such as `<|user|>` in the text become special tokens; they stay plain text otherwise. */
  specialTokensInText?: boolean;
}

/** What is needed of a tokenizer. Offsets are UTF-16, untrimmed. */
export interface SampleTokenizer {
  encode(text: string, options?: EncodeOptions): { ids: number[]; offsets: Span[] };
  renderChat(
    messages: { role: 'user'; content: string }[],
    options: { addGenerationPrompt: boolean },
  ): string;
  readonly eosTokenId: number | undefined;
}

/** A chat prompt with one turn of the user. */
export interface TokenizedPrompt {
  inputIds: number[];
  /** The rendered prompt. */
  text: string;
  /** Characters of `text` that each token covers. */
  offsets: Span[];
  /** Where the user's turn lies in `text`, as far as the chat template kept it. */
  userTurn: Span;
  /** What to add to a position in the user's turn to get the position in `text`. */
  userTurnShift: number;
}

export interface TokenizedSample {
  inputIds: number[];
  spans: SampleSpans;
  /** Prompt and answer, without the end-of-sequence token; absent in samples that came as tokens. */
  text?: string;
  /** Characters of `text` that each token covers, none for the end-of-sequence token. */
  offsets?: Span[];
}

/** Prompt, then the first accepted answer and the end-of-sequence token, each tokenised on its own. */
export function tokenizeSample(tokenizer: SampleTokenizer, sample: Sample): TokenizedSample {
  if (isTokenSample(sample)) return sample;
  if (tokenizer.eosTokenId === undefined) {
    throw new InputError(
      'The tokenizer has no end-of-sequence token, with which answers end. Name it as eos_token.',
    );
  }
  const turn = layOutUserTurn(sample);
  const prompt = tokenizeUserTurn(tokenizer, turn.text);
  const answer = tokenizer.encode(sample.answers[0], { addSpecialTokens: false, specialTokensInText: false });
  const text = prompt.text + sample.answers[0];
  const inputIds = [...prompt.inputIds, ...answer.ids, tokenizer.eosTokenId];
  const answerOffsets = answer.offsets.map(offset => shifted(offset, prompt.text.length));
  return {
    inputIds,
    text,
    offsets: [...prompt.offsets, ...answerOffsets, [text.length, text.length]],
    spans: {
      ...promptSpans(prompt, turn, sample.answers),
      answer: [prompt.inputIds.length, inputIds.length],
    },
  };
}

/** Which tokens of the prompt are context, question and the first occurrence of an accepted answer in the context. */
export function promptSpans(
  prompt: TokenizedPrompt,
  turn: UserTurn,
  answers: TextSample['answers'] = [],
): Omit<SampleSpans, 'answer'> {
  const [start, end] = prompt.userTurn;
  const tokens = (characters: Span | undefined): Span | undefined => {
    if (!characters) return undefined;
    const [from, to] = shifted(characters, prompt.userTurnShift);
    // What the chat template trimmed off is not there to be covered.
    return tokensOverlapping(prompt.offsets, [Math.max(from, start), Math.min(to, end)]);
  };
  const context = tokens(turn.context);
  const question = tokens(turn.question);
  const answerInContext = tokens(findAnswer(turn, answers));
  return {
    ...(context && { context }),
    ...(question && { question }),
    ...(answerInContext && { answerInContext }),
  };
}

/** The first accepted answer that the context contains, where it does so first. */
function findAnswer({ text, context }: UserTurn, answers: readonly string[]): Span | undefined {
  if (!context) return undefined;
  const contextText = text.slice(...context);
  const answer = answers.find(candidate => contextText.includes(candidate));
  if (answer === undefined) return undefined;
  const start = context[0] + contextText.indexOf(answer);
  return [start, start + answer.length];
}

/** Unlikely in a template, and no tokenizer is asked about it. */
const placeholder = '\ue000user turn\ue001';

/**
 * Wraps `userTurn` in the chat template, with the prompt for the assistant's turn. The user's turn is data: strings in
 * it that look like special tokens stay text.
 */
export function tokenizeUserTurn(tokenizer: SampleTokenizer, userTurn: string): TokenizedPrompt {
  const render = (content: string): string =>
    tokenizer.renderChat([{ role: 'user', content }], { addGenerationPrompt: true });
  const text = render(userTurn);
  const frame = render(placeholder);
  const start = frame.indexOf(placeholder);
  const end = text.length - (frame.length - start - placeholder.length);
  // Some templates trim the turn; one that changes it otherwise would leave all spans wrong.
  const kept = text.slice(Math.max(start, 0), end);
  if (start < 0 || (kept !== userTurn && kept !== userTurn.trim())) {
    throw new InputError(
      "The model's chat template changes the text of the user's turn, so its parts cannot be found in it.",
    );
  }
  const { ids, offsets } = encodeAround(tokenizer, text, [start, end]);
  return {
    inputIds: ids,
    text,
    offsets,
    userTurn: [start, end],
    userTurnShift: start - userTurn.indexOf(kept),
  };
}

/** Special tokens are recognised outside `data` only. */
function encodeAround(
  tokenizer: SampleTokenizer,
  text: string,
  data: Span,
): { ids: number[]; offsets: Span[] } {
  const encode = (range: Span, specialTokensInText: boolean): { ids: number[]; offsets: Span[] } =>
    tokenizer.encode(text.slice(...range), { addSpecialTokens: false, specialTokensInText });
  const asText = encode(data, false);
  const hasSpecialTokens = asText.ids.join() !== encode(data, true).ids.join();
  // One piece wherever possible: text must meet the template's as in the model's training.
  if (!hasSpecialTokens) return encode([0, text.length], true);
  const before = encode([0, data[0]], true);
  const after = encode([data[1], text.length], true);
  return {
    ids: [...before.ids, ...asText.ids, ...after.ids],
    offsets: [
      ...before.offsets,
      ...asText.offsets.map(offset => shifted(offset, data[0])),
      ...after.offsets.map(offset => shifted(offset, data[1])),
    ],
  };
}
