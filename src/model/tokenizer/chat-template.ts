/** @file Chat templates: Jinja programs of the checkpoint that turn messages into a prompt. */
import { Template } from '@huggingface/jinja';

import { InputError, messageOf } from '../../common/errors';

export interface ChatMessage {
  role: string;
  content: string;
}

/** The largest published template has some 25,000 characters. */
const maximumTemplateLength = 250_000;

/** The template parsed last: parsing takes milliseconds, and a dataset renders one template thousands of times. */
let parsed: { readonly text: string; readonly template: Template } | undefined;

/**
 * Renders `template`, which comes with the checkpoint and can only make text.
 * @param variables special tokens by name (`bos_token`, …)
 * @param where what error messages begin with
 * @throws InputError if the template is too long or not valid, or refuses the messages
 */
export function renderChatTemplate(
  template: string,
  variables: Readonly<Record<string, string>>,
  messages: readonly ChatMessage[],
  addGenerationPrompt: boolean,
  where: string,
): string {
  if (template.length > maximumTemplateLength) {
    throw new InputError(`${where}: the chat template is longer than ${maximumTemplateLength} characters.`);
  }
  try {
    if (parsed?.text !== template) parsed = { text: template, template: new Template(template) };
    return parsed.template.render({
      ...variables,
      messages: messages.map(({ role, content }) => ({ role, content })),
      add_generation_prompt: addGenerationPrompt,
    });
  } catch (error) {
    const reason = messageOf(error).replace(/\s+/g, ' ').slice(0, 300);
    throw new InputError(
      `${where}: the chat template cannot be rendered (${reason}). Check it and the roles of the messages.`,
    );
  }
}
