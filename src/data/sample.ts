/** @file One sample: a question about a context, as texts or already as tokens. */
import * as v from 'valibot';

import { InputError } from '../common/errors';
import type { Span } from './spans';

export interface TextSample {
  /** Empty in closed-book data only. */
  context: string;
  question: string;
  /** Accepted answers, at least one, none blank. The first is the one that is trained on. */
  answers: string[];
  /** What a model answers from memory, where the context was made to say otherwise. */
  originalAnswer?: string;
}

/** Token spans of a sample; all but the answer may be unknown. */
export interface SampleSpans {
  context?: Span;
  question?: Span;
  /** The answer's tokens and the end-of-sequence token after them. */
  answer: Span;
  /** The first occurrence of the answer inside the context. */
  answerInContext?: Span;
}

/** A sample that was tokenised elsewhere. */
export interface TokenSample {
  inputIds: number[];
  spans: SampleSpans;
}

export type Sample = TextSample | TokenSample;

export interface SampleOptions {
  /** Closed-book data: questions without a context. */
  allowEmptyContext?: boolean;
}

export function isTokenSample(sample: Sample): sample is TokenSample {
  return 'inputIds' in sample;
}

const text = v.string();
const filledText = v.pipe(
  text,
  v.check(value => value.trim() !== ''),
);
const TextSampleSchema = v.object({
  context: text,
  question: filledText,
  answer: v.pipe(
    v.unknown(),
    v.transform(answer => (Array.isArray(answer) ? (answer as unknown[]) : [answer])),
    v.array(filledText),
    v.minLength(1),
  ),
  original_answer: v.nullish(text),
});

const index = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const SpanSchema = v.pipe(
  v.tuple([index, index]),
  v.check(([start, end]) => start < end),
);
const TokenSampleSchema = v.object({
  input_ids: v.pipe(v.array(index), v.minLength(2)),
  answer_span: SpanSchema,
  context_span: v.nullish(SpanSchema),
  answer_span_in_context: v.nullish(SpanSchema),
});

const span = 'must be [start, end] with start < end ≤ number of input_ids';
/** What each field must be, as messages say it. */
const requirements: Partial<Record<string, string>> = {
  context: 'must be text',
  question: 'must be text that is not blank',
  answer: 'must be text or a list of accepted texts, none of them blank',
  original_answer: 'must be text',
  input_ids: 'must be a list of two or more token numbers',
  answer_span: span,
  context_span: span,
  answer_span_in_context: span,
};

/**
 * Checks what was read from a file.
 * @param where file and line or number, with which messages begin
 */
export function parseSample(value: unknown, where: string, options: SampleOptions = {}): Sample {
  const hasTokens = typeof value === 'object' && value !== null && 'input_ids' in value;
  return hasTokens ? parseTokenSample(value, where) : parseTextSample(value, where, options);
}

function parseTextSample(value: unknown, where: string, options: SampleOptions): TextSample {
  const { context, question, answer, original_answer } = parse(TextSampleSchema, value, where);
  if (context.trim() === '' && !options.allowEmptyContext) {
    throw new InputError(
      `${where}: field "context" is empty. Samples without a context serve closed-book evaluation only.`,
    );
  }
  return {
    context,
    question,
    answers: answer,
    ...(original_answer == null ? {} : { originalAnswer: original_answer }),
  };
}

function parseTokenSample(value: unknown, where: string): TokenSample {
  const parsed = parse(TokenSampleSchema, value, where);
  for (const field of ['answer_span', 'context_span', 'answer_span_in_context'] as const) {
    const range = parsed[field];
    if (range && range[1] > parsed.input_ids.length)
      throw new InputError(`${where}: field "${field}" ${span}.`);
  }
  if (parsed.answer_span[0] === 0) {
    throw new InputError(
      `${where}: field "answer_span" starts at 0, but the first token cannot be predicted. Put a prompt before it.`,
    );
  }
  return {
    inputIds: parsed.input_ids,
    spans: {
      answer: parsed.answer_span,
      ...(parsed.context_span && { context: parsed.context_span }),
      ...(parsed.answer_span_in_context && { answerInContext: parsed.answer_span_in_context }),
    },
  };
}

function parse<T extends v.GenericSchema>(schema: T, value: unknown, where: string): v.InferOutput<T> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const field = v.getDotPath(result.issues[0])?.split('.')[0];
  if (field === undefined)
    throw new InputError(`${where} is not an object with the fields context, question and answer.`);
  const isMissing = !Object.hasOwn(value as object, field);
  const requirement = requirements[field] ?? 'is not valid';
  throw new InputError(
    `${where}: field "${field}" ${isMissing ? `is missing; it ${requirement}` : requirement}.`,
  );
}
