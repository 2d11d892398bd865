/** @file The section of one chosen expert: its tokens in this prompt, and on demand its top examples in a dataset. */
import './expert-section.css';

import { t } from '@vscode/l10n';

import type { ExpertExample, ExpertExamplesResult } from '../../src/protocol/expert-examples';
import type { RoutingView } from '../../src/protocol/routing-view';
import { element, section } from '../shared/dom';
import { integer, percent, quotedToken } from '../shared/format';
import { expertLoad, isFaithful, tokensOf } from './expert-use';
import { type Ask, Loading } from './loading';
import type { Mode } from './quantities';
import type { Expert } from './state';

export interface ExpertEvents {
  close: () => void;
  /** A token of this prompt was clicked. */
  pin: (token: number) => void;
  /** An example of the dataset was clicked. */
  trace: (sample: number) => void;
}

/** Tokens of the prompt listed at most, by weight. */
const listed = 40;

export class ExpertSection {
  readonly root: HTMLElement;
  private readonly title: HTMLElement;
  private readonly facts = element('p', { class: 'facts' });
  private readonly tokens = element('div', { class: 'expert-tokens' });
  private readonly loading = new Loading(t('Top examples in a dataset'), () => this.load());
  private readonly examples = element('div', { class: 'examples' });
  private expert: Expert | undefined;

  constructor(
    private readonly ask: Ask,
    private readonly events: ExpertEvents,
  ) {
    const { root, note } = section(t('Expert'), 'expert-view');
    this.root = root;
    this.title = root.querySelector('h2') ?? root;
    const close = element('button', { type: 'button', class: 'link' }, t('Close'));
    close.addEventListener('click', () => events.close());
    note.append(close);
    root.append(this.facts, this.tokens, this.loading.root, this.examples);
    root.hidden = true;
  }

  show(view: RoutingView, expert: Expert | undefined, mode: Mode): void {
    this.root.hidden = expert === undefined;
    const isOther = expert?.layer !== this.expert?.layer || expert?.expert !== this.expert?.expert;
    this.expert = expert;
    if (isOther) this.forget();
    if (!expert) return;
    const star = isFaithful(view, expert) ? ' ★' : '';
    this.title.textContent = t('Expert {0} of layer {1}{2}', expert.expert, expert.layer, star);
    const row = view.moe_layers.indexOf(expert.layer);
    const load = (side: RoutingView['base']): string => percent(expertLoad(view, side)[row][expert.expert]);
    this.facts.textContent = view.tuned
      ? t('share of this prompt’s places: base {0} → tuned {1}', load(view.base), load(view.tuned))
      : t('share of this prompt’s places: {0}', load(view.base));
    this.showTokens(view, expert, mode);
  }

  /** What was asked belongs to another prompt or expert. */
  forget(): void {
    this.loading.reset();
    this.examples.replaceChildren();
  }

  private showTokens(view: RoutingView, expert: Expert, mode: Mode): void {
    const side = mode === 'base' ? view.base : (view.tuned ?? view.base);
    const all = tokensOf(view, side, expert).sort((a, b) => b.weight - a.weight);
    const buttons = all.slice(0, listed).map(({ token, weight }) => {
      const text = quotedToken(view.tokens[token].text);
      const made = element('button', { type: 'button', class: 'expert-token', 'data-token': token });
      made.append(text, element('small', {}, weight.toFixed(2)));
      made.title = t('token {0}, weight {1}', token, weight.toFixed(2));
      made.addEventListener('click', () => this.events.pin(token));
      return made;
    });
    const count =
      all.length > listed
        ? t('{0} tokens of this prompt, the {1} of largest weight:', all.length, listed)
        : t('{0} tokens of this prompt, by weight:', all.length);
    this.tokens.replaceChildren(element('span', { class: 'muted' }, count), ...buttons);
  }

  private load(): void {
    if (!this.expert) return;
    void this.loading.wait(this.ask, { kind: 'expert-examples', ...this.expert }, ({ file, result }) =>
      this.showExamples(file, result),
    );
  }

  private showExamples(file: string, result: ExpertExamplesResult): void {
    const { samples, tokens, used_base: base, used_tuned: tuned } = result;
    const size = t('{0}: {1} samples, {2} tokens', file, integer(samples), integer(tokens));
    const lists = [this.list(t('base: {0} of tokens', percent(base)), result.examples_base)];
    if (tuned !== undefined && result.examples_tuned)
      lists.push(this.list(t('tuned: {0} of tokens', percent(tuned)), result.examples_tuned));
    this.examples.replaceChildren(
      element('p', { class: 'facts' }, size),
      element('div', { class: 'sides' }, ...lists),
    );
  }

  private list(title: string, examples: readonly ExpertExample[]): HTMLElement {
    const items = examples.map(example => element('li', {}, this.example(example)));
    const none = element('p', { class: 'facts' }, t('No token of these samples is sent to it.'));
    return element(
      'section',
      { 'aria-label': title },
      element('h3', {}, title),
      items.length > 0 ? element('ol', {}, ...items) : none,
    );
  }

  private example({ sample, weight, before, text, after }: ExpertExample): HTMLElement {
    const made = element('button', {
      type: 'button',
      class: 'example',
      title: t('Trace sample {0}', sample),
    });
    made.append(
      element('small', {}, weight.toFixed(2)),
      element('span', { class: 'words' }, before, element('mark', {}, text === '' ? '▫' : text), after),
      element('small', { class: 'sample' }, `#${sample}`),
    );
    made.addEventListener('click', () => this.events.trace(sample));
    return made;
  }
}
