/** @file Samples as tokens: prompt, answer, and which tokens are context, question and answer. */
import { InputError } from '../common/errors';
import type { Encoding, Tokenizer } from '../model/tokenizer/tokenizer';
import { layOutUserTurn, type UserTurn } from './prompt';
import { isTokenSample, type Sample, type SampleSpans, type TextSample } from './sample';
import { shifted, type Span, tokensOverlapping } from './spans';

/** What is needed of a tokenizer. */
export type SampleTokenizer = Pick<Tokenizer, 'encode' | 'renderChat' | 'eosTokenId'>;

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

/**
 * Wraps `userTurn` in the chat template, with the prompt for the assistant's turn. The user's turn is data: strings in
 * it that look like special tokens stay text.
 */
export function tokenizeUserTurn(tokenizer: SampleTokenizer, userTurn: string): TokenizedPrompt {
  const text = renderUser(tokenizer, userTurn);
  const { before, after } = frameOf(tokenizer);
  const start = before.length;
  const end = text.length - after.length;
  // Some templates trim the turn; one that changes it otherwise would leave all spans wrong.
  const kept = text.slice(start, end);
  const isFramed = text.startsWith(before) && text.endsWith(after);
  if (!isFramed || (kept !== userTurn && kept !== userTurn.trim())) throw unusableTemplate();
  const { ids, offsets } = encodeAround(tokenizer, text, [start, end]);
  const userTurnShift = start - userTurn.indexOf(kept);
  return { inputIds: ids, text, offsets, userTurn: [start, end], userTurnShift };
}

function renderUser(tokenizer: SampleTokenizer, content: string): string {
  return tokenizer.renderChat([{ role: 'user', content }], { addGenerationPrompt: true });
}

/** What a chat template puts around the user's turn. */
interface Frame {
  before: string;
  after: string;
}

/** Rendering takes milliseconds, and datasets have thousands of samples. */
const frames = new WeakMap<SampleTokenizer, Frame>();

function frameOf(tokenizer: SampleTokenizer): Frame {
  const known = frames.get(tokenizer);
  if (known) return known;
  // Unlikely in a template, and no tokenizer is asked about it.
  const placeholder = '\ue000user turn\ue001';
  const parts = renderUser(tokenizer, placeholder).split(placeholder);
  if (parts.length !== 2) throw unusableTemplate();
  const frame = { before: parts[0], after: parts[1] };
  frames.set(tokenizer, frame);
  return frame;
}

function unusableTemplate(): InputError {
  return new InputError(
    "The model's chat template changes the text of the user's turn, so its parts cannot be found in it.",
  );
}

/** Special tokens are recognised outside `data` only. */
function encodeAround(tokenizer: SampleTokenizer, text: string, data: Span): Encoding {
  const encode = (range: Span, specialTokensInText: boolean): Encoding =>
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
