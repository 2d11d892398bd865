/** @file The prompt that a trace or an ablation is asked about: text or sample, as tokens, and what it is continued by. */
import { InputError } from '../common/errors';
import { parseUserTurn, renderUserTurn } from '../data/prompt';
import { isTokenSample, type TextSample } from '../data/sample';
import { shifted, type Span } from '../data/spans';
import { promptSpans, tokenizeSample, tokenizeUserTurn } from '../data/tokenized-sample';
import type { Model } from '../model/model';
import type { PassOptions } from '../model/pass-options';
import type { JobHooks, PromptSource, TraceRequest } from '../protocol/jobs';
import type { TokenSpan } from '../protocol/routing-view';
import { continuePrompts, generatedText } from './continue-prompts';
import type { LazyTokenizer } from './dataset';
import { checkedMask } from './expert-list';
import { checkMemory, tracingWork } from './job-estimate';
import { sampleAt } from './trace-job';

export interface SourcePrompt {
  readonly inputIds: readonly number[];
  readonly text: string;
  readonly offsets: readonly Span[];
  /** Where the user's text lies in `text`. */
  readonly source: { readonly start: number; readonly end: number };
  readonly spans: {
    readonly context?: Span;
    readonly question?: Span;
    readonly answer?: Span;
    readonly answerInContext?: Span;
    readonly generated?: Span;
  };
  readonly lastPromptToken: number;
  /** Of the sample, else what the prompt was continued by; its tokens come without an end-of-sequence token. */
  readonly answer?: { readonly text: string; readonly inputIds: readonly number[] };
}

/** What a request has to say of the prompt. */
export type PromptRequest = Pick<TraceRequest, 'source' | 'max_seq_length' | 'max_new_tokens' | 'mask'>;

/** @throws InputError if the mask does not fit the model */
export function passOptions({ mask }: PromptRequest, model: Model, { signal }: JobHooks): PassOptions {
  return {
    signal,
    ...(mask === undefined ? {} : { mask: checkedMask(mask.experts, model, `The mask "${mask.name}"`) }),
  };
}

/**
 * The prompt of a request, continued by the model if it is asked for.
 * @throws InputError as {@link promptOf}, or if the memory budget is too small for it
 */
export async function tracedPrompt(
  { source, max_seq_length, max_new_tokens: maxNewTokens }: PromptRequest,
  model: Model,
  tokenizer: LazyTokenizer,
  options: PassOptions,
  hooks: JobHooks,
): Promise<SourcePrompt> {
  const prompt = promptOf(source, tokenizer, max_seq_length);
  checkMemory(model, tracingWork(model, [prompt.inputIds], { maxNewTokens }));
  if (maxNewTokens === 0) return prompt;
  hooks.progress?.({ phase: 'Generating', fraction: 0, detail: `${prompt.inputIds.length} tokens` });
  return continued(prompt, model, tokenizer, { ...options, maxNewTokens });
}

/**
 * @param limit of its tokens
 * @throws InputError if there is no such prompt, or it is longer
 */
export function promptOf(source: PromptSource, tokenizer: LazyTokenizer, limit: number): SourcePrompt {
  const prompt =
    source.kind === 'text'
      ? textPrompt(source.text, tokenizer)
      : samplePrompt(textSampleAt(source.file, source.index), tokenizer);
  checkLength(prompt, limit);
  return prompt;
}

export function checkLength({ inputIds }: SourcePrompt, limit: number): void {
  if (inputIds.length > limit) {
    throw new InputError(
      `The prompt has ${inputIds.length} tokens, more than the limit of ${limit}. Trace a part of it, or raise the limit.`,
    );
  }
}

/** Free text as the user's turn; its context and question are known if it has the wording of the method. */
function textPrompt(text: string, tokenizer: LazyTokenizer): SourcePrompt {
  if (text.trim() === '') throw new InputError('The text is empty. Write a prompt first.');
  const prompt = tokenizeUserTurn(tokenizer.get(), text);
  const turn = parseUserTurn(text);
  return {
    ...prompt,
    source: sourceRange(prompt),
    spans: turn ? promptSpans(prompt, turn) : {},
    lastPromptToken: prompt.inputIds.length - 1,
  };
}

/** @throws InputError if the sample came as tokens */
export function textSampleAt(file: string, index: number): TextSample {
  const sample = sampleAt(file, index);
  if (!isTokenSample(sample)) return sample;
  throw new InputError(
    `${file}, sample ${index}: holds token ids without text. Choose a dataset of texts to see its routing.`,
  );
}

export function samplePrompt(sample: TextSample, tokenizer: LazyTokenizer): SourcePrompt {
  const { inputIds, spans, text, offsets } = tokenizeSample(tokenizer.get(), sample);
  if (text === undefined || offsets === undefined)
    throw new Error('a sample of text was tokenised without its text');
  const prompt = tokenizeUserTurn(tokenizer.get(), renderUserTurn(sample));
  const [start, end] = spans.answer;
  return {
    inputIds,
    text,
    offsets,
    spans,
    source: sourceRange(prompt),
    lastPromptToken: start - 1,
    answer: { text: sample.answers[0], inputIds: inputIds.slice(start, end - 1) },
  };
}

/** The prompt without an answer, and what the model continues it by. */
async function continued(
  { text, inputIds, offsets, lastPromptToken, answer, ...prompt }: SourcePrompt,
  model: Model,
  tokenizer: LazyTokenizer,
  options: PassOptions & { maxNewTokens: number },
): Promise<SourcePrompt> {
  const asked = inputIds.slice(0, lastPromptToken + 1);
  const [ids] = await continuePrompts(model, tokenizer, [asked], options);
  const generated = generatedText(tokenizer.get(), asked[lastPromptToken], ids);
  const promptText = text.slice(0, offsets[lastPromptToken][1]);
  const { context, question, answerInContext } = prompt.spans;
  return {
    ...prompt,
    inputIds: [...asked, ...ids],
    text: promptText + generated.text,
    offsets: [
      ...offsets.slice(0, asked.length),
      ...generated.offsets.map(offset => shifted(offset, promptText.length)),
    ],
    spans: { context, question, answerInContext, generated: [asked.length, asked.length + ids.length] },
    lastPromptToken,
    answer: answer ?? { text: generated.text, inputIds: ids },
  };
}

/** Where position 0 of the user's text would stand: the template may have trimmed what surrounds it. */
function sourceRange({
  userTurn,
  userTurnShift,
}: {
  userTurn: Span;
  userTurnShift: number;
}): SourcePrompt['source'] {
  return { start: userTurnShift, end: userTurn[1] };
}

/** What a token belongs to. */
export function spanOf(spans: SourcePrompt['spans'], token: number): TokenSpan {
  if (isWithin(spans.context, token)) return 'context';
  if (isWithin(spans.question, token)) return 'question';
  if (isWithin(spans.generated, token)) return 'generated';
  return isWithin(spans.answer, token) ? 'answer' : 'template';
}

export function isWithin(span: Span | undefined, token: number): boolean {
  return span !== undefined && token >= span[0] && token < span[1];
}
