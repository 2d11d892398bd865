/** @file What an answer of the engine is waited for by: a button that becomes Cancel, a line that says how far it is. */
import './loading.css';

import { t } from '@vscode/l10n';

import type { PanelAnswer, PanelQuestion } from '../../src/protocol/panel-messages';
import { element } from '../shared/dom';

/** An answer under way. */
export interface Pending<K extends PanelQuestion['kind']> {
  /** Rejects with one line on what went wrong; with an empty one after {@link cancel}. */
  answer: Promise<Extract<PanelAnswer, { kind: K }>>;
  cancel: () => void;
}

/** Asks the extension. `progress` gets a line now and then. */
export type Ask = <K extends PanelQuestion['kind']>(
  question: Extract<PanelQuestion, { kind: K }>,
  progress: (text: string) => void,
) => Pending<K>;

export class Loading {
  readonly root: HTMLElement;
  private readonly button = element('button', { type: 'button', class: 'button' });
  private readonly line = element('span', { class: 'progress', role: 'status' });
  private readonly error = element('span', { class: 'failed', role: 'alert' });
  private pending: { cancel: () => void } | undefined;

  /** @param start starts to ask; only called while nothing is under way */
  constructor(
    private label: string,
    start: () => void,
  ) {
    this.button.addEventListener('click', () => (this.pending ? this.pending.cancel() : start()));
    this.root = element('div', { class: 'loading' }, this.button, this.line, this.error);
    this.update();
  }

  /** Names the button. */
  rename(label: string): void {
    this.label = label;
    this.update();
  }

  /** Waits for an answer, which replaces one that is under way. */
  async wait<K extends PanelQuestion['kind']>(
    ask: Ask,
    question: Extract<PanelQuestion, { kind: K }>,
    done: (answer: Extract<PanelAnswer, { kind: K }>) => void,
  ): Promise<void> {
    this.pending?.cancel();
    this.error.textContent = '';
    this.line.textContent = t('waiting for the engine');
    const pending = ask(question, text => {
      if (this.pending === pending) this.line.textContent = text;
    });
    this.pending = pending;
    this.update();
    try {
      const answer = await pending.answer;
      if (this.pending === pending) done(answer);
    } catch (error) {
      if (this.pending === pending)
        this.error.textContent = error instanceof Error ? error.message : String(error);
    } finally {
      if (this.pending === pending) this.stop();
    }
  }

  /** Forgets what is under way: there is another prompt. */
  reset(): void {
    this.pending?.cancel();
    this.error.textContent = '';
    this.stop();
  }

  private stop(): void {
    this.pending = undefined;
    this.line.textContent = '';
    this.update();
  }

  private update(): void {
    this.button.textContent = this.pending ? t('Cancel') : this.label;
  }
}
