/** @file The bridge to the extension: typed messages out, validated messages in, questions and their answers. */
import { t } from '@vscode/l10n';
import * as v from 'valibot';

import {
  type FromRoutingPanel,
  type PanelAnswer,
  type PanelQuestion,
  type ToRoutingPanel,
  ToRoutingPanelSchema,
} from '../../src/protocol/panel-messages';
import type { Pending } from './loading';

interface VsCodeApi {
  postMessage(message: FromRoutingPanel): void;
}

/** Given to every webview by VS Code; may be called once. */
declare function acquireVsCodeApi(): VsCodeApi;

const api = acquireVsCodeApi();

export function post(message: FromRoutingPanel): void {
  api.postMessage(message);
}

interface Waiting {
  done: (answer: PanelAnswer) => void;
  failed: (text: string) => void;
  progress: (text: string) => void;
}

const waiting = new Map<number, Waiting>();
let questions = 0;

export function ask<K extends PanelQuestion['kind']>(
  question: Extract<PanelQuestion, { kind: K }>,
  progress: (text: string) => void,
): Pending<K> {
  const id = questions++;
  const answer = new Promise<Extract<PanelAnswer, { kind: K }>>((resolve, reject) => {
    const isWanted = (given: PanelAnswer): given is Extract<PanelAnswer, { kind: K }> =>
      given.kind === question.kind;
    waiting.set(id, {
      done: given =>
        isWanted(given) ? resolve(given) : reject(new Error(t('The answer is to another question.'))),
      failed: text => reject(new Error(text)),
      progress,
    });
  });
  post({ type: 'ask', id, question });
  return { answer, cancel: () => post({ type: 'cancel', id }) };
}

type AboutQuestion = Extract<ToRoutingPanel, { id: number }>;

/** Hands on the extension's messages; `invalid` gets one line about any that does not follow the protocol. */
export function listen(
  handle: (message: Exclude<ToRoutingPanel, AboutQuestion>) => void,
  invalid: (line: string) => void,
): void {
  window.addEventListener('message', (event: MessageEvent<unknown>) => {
    const result = v.safeParse(ToRoutingPanelSchema, event.data);
    if (!result.success) {
      const [issue] = result.issues;
      const where = v.getDotPath(issue) ?? t('message');
      invalid(t('The routing data cannot be shown: {0}: {1}. Trace the prompt again.', where, issue.message));
      return;
    }
    if ('id' in result.output) answered(result.output);
    else handle(result.output);
  });
}

function answered(message: AboutQuestion): void {
  const asked = waiting.get(message.id);
  if (!asked) return; // asked before the page was reloaded
  if (message.type === 'progress') {
    asked.progress(message.text);
    return;
  }
  waiting.delete(message.id);
  if (message.type === 'answer') asked.done(message.answer);
  else asked.failed(message.text);
}
