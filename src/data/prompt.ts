/** @file The user's turn: the wording that the method was published with, and where its parts lie. */
import type { TextSample } from './sample';
import type { Span } from './spans';

/** A user's turn and its parts, as ranges of UTF-16 characters in `text`. */
export interface UserTurn {
  text: string;
  /** Absent in closed-book questions. */
  context?: Span;
  question: Span;
}

const openBook = 'Based on the context below, output the correct answer for the following question.';
const closedBook = 'Output the correct answer for the following question.';

/** Lays a sample out in the prompt template; without a context, in the one for closed-book questions. */
export function layOutUserTurn({ context, question }: Pick<TextSample, 'context' | 'question'>): UserTurn {
  const isClosedBook = context.trim() === '';
  const beforeContext = isClosedBook ? closedBook : `${openBook}\n\nContext:\n`;
  const beforeQuestion = `${beforeContext}${isClosedBook ? '' : context}\n\nQuestion:\n`;
  const text = beforeQuestion + question;
  const turn: UserTurn = { text, question: [beforeQuestion.length, text.length] };
  if (!isClosedBook) turn.context = [beforeContext.length, beforeContext.length + context.length];
  return turn;
}

/** The text of {@link layOutUserTurn}. */
export function renderUserTurn(sample: Pick<TextSample, 'context' | 'question'>): string {
  return layOutUserTurn(sample).text;
}

const escaped = (sentence: string): string => sentence.replaceAll('.', '\\.');
const blankLine = '\\r?\\n\\r?\\n';
const turnPattern = new RegExp(
  `^\\s*(?:${escaped(openBook)}${blankLine}Context:\\r?\\n(?<context>[^]*)(?<!\\r)|${escaped(closedBook)})` +
    `${blankLine}Question:\\r?\\n(?<question>[^]*\\S)\\s*$`,
  'd',
);

/**
 * Recognises the prompt template in a text that someone may have edited (line ends of any system, white space around
 * it). The last "Question:" counts. Undefined for any other text.
 */
export function parseUserTurn(text: string): UserTurn | undefined {
  const ranges = turnPattern.exec(text)?.indices?.groups;
  if (!ranges?.question) return undefined;
  return { text, question: ranges.question, ...(ranges.context && { context: ranges.context }) };
}
