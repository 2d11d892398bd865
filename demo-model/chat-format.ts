/** @file The special tokens, and how a conversation is written with them: OLMoE's chat format. */

export const endOfText = '<|endoftext|>';
export const padding = '<|padding|>';
const user = '<|user|>';
const assistant = '<|assistant|>';
/** In the order of their ids. */
export const specialTokens = [endOfText, padding, user, assistant] as const;

/** What comes before, between and after the contents of a conversation's turns. */
export const chatMarks = {
  start: endOfText,
  beforeUser: `${user}\n`,
  afterUser: '\n',
  beforeAnswer: `${assistant}\n`,
  afterAnswer: endOfText,
  betweenTurns: '\n',
} as const;

/** The Jinja program of tokenizer_config.json; the marks are literals in it. */
export function chatTemplate(): string {
  const { start, beforeUser, afterUser, beforeAnswer, afterAnswer, betweenTurns } = chatMarks;
  const write = (...parts: string[]): string => `{{ ${parts.join(' + ')} }}`;
  const content = `message['content']`;
  const literal = (text: string): string => `'${text.replaceAll('\n', '\\n')}'`;
  return [
    write(literal(start)),
    `{% for message in messages %}`,
    `{% if message['role'] == 'user' %}`,
    write(literal(beforeUser), content, literal(afterUser)),
    `{% elif message['role'] == 'assistant' %}`,
    write(literal(beforeAnswer), content, literal(afterAnswer)),
    `{% if not loop.last %}${write(literal(betweenTurns))}{% endif %}`,
    `{% endif %}`,
    `{% if loop.last and add_generation_prompt %}${write(literal(beforeAnswer))}{% endif %}`,
    `{% endfor %}`,
  ].join('');
}
