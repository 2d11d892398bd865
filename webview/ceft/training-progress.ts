/** @file A training while it goes on, and how the last one ended. */
import '@vscode-elements/elements/dist/vscode-progress-bar/index.js';

import { t } from '@vscode/l10n';

import type { CeftAction, CeftTraining } from '../../src/protocol/ceft-messages';
import { element } from '../shared/dom';
import { duration } from '../shared/format';
import { Sparkline } from './sparkline';

export class TrainingProgress {
  readonly root = element('section', { class: 'training', 'aria-label': t('Training'), hidden: true });
  private readonly title = element('h2');
  private readonly state = element('p', { class: 'state', role: 'status' });
  private readonly bar = element('vscode-progress-bar', { 'aria-label': t('Progress') });
  private readonly loss = new Sparkline(t('Loss'), value => value.toFixed(3));
  private readonly dev = new Sparkline(t('Dev'), value => value.toFixed(1));
  private readonly error = element('p', { class: 'problem', hidden: true });
  private readonly results = element('p', { class: 'results', hidden: true });

  constructor(act: (action: CeftAction) => void) {
    const open = element('button', { type: 'button', class: 'link' }, t('Open Training'));
    open.addEventListener('click', () => act('open-training'));
    const head = element('header', {}, this.title, open);
    this.root.append(
      ...[head, this.bar, this.state, this.error, this.loss.root, this.dev.root, this.results],
    );
  }

  show(training: CeftTraining | undefined): void {
    this.root.hidden = training === undefined;
    if (!training) return;
    const { title, progress, phase, error, loss, dev, dev_is_em, results } = training;
    const running = phase === 'running' || phase === 'stopping';
    this.title.textContent = title;
    this.bar.hidden = !running;
    this.bar.value = Math.round(100 * (progress?.fraction ?? 0));
    setText(this.state, stateText(training));
    this.error.hidden = error === undefined;
    this.error.textContent = error ?? '';
    this.loss.show(loss);
    this.dev.rename(dev_is_em ? t('Dev exact match, %') : t('Dev loss'), value =>
      value.toFixed(dev_is_em ? 1 : 3),
    );
    this.dev.show(dev);
    const scores = results?.base && results.tuned;
    this.results.hidden = !scores;
    if (results?.base && results.tuned)
      this.results.textContent = t(
        'Test exact match {0} → {1} %',
        results.base.em.toFixed(1),
        results.tuned.em.toFixed(1),
      );
  }
}

/** What is read out is set only when it changed. */
function setText(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

function stateText({ phase, progress, resumable }: CeftTraining): string {
  switch (phase) {
    case 'stopping':
      return t('Stopping…');
    case 'stopped':
      return resumable ? t('Stopped; it can go on.') : t('Stopped.');
    case 'done':
      return t('Done.');
    case 'running': {
      if (!progress) return t('Waiting for the engine…');
      const left =
        progress.eta_seconds === undefined ? [] : [t('{0} left', duration(Math.round(progress.eta_seconds)))];
      return [progress.phase, progress.detail, ...left].filter(Boolean).join(' · ');
    }
  }
}
