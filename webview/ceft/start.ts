/** @file Below the form: what the job would take, and the buttons that start, stop and go on with it. */
import '@vscode-elements/elements/dist/vscode-button/index.js';

import { t } from '@vscode/l10n';

import type { CheckedForm } from '../../src/protocol/ceft-form';
import type { CeftAction, CeftEstimate, ToCeftView } from '../../src/protocol/ceft-messages';
import type { EstimateResult } from '../../src/protocol/estimate';
import { element } from '../shared/dom';
import { bytes, duration, integer } from '../shared/format';

/** All but the fields. */
export type Shown = Extract<ToCeftView, { type: 'show' }>;

export class Start {
  readonly root = element('section', { class: 'start', 'aria-label': t('Estimate and start') });
  private readonly estimate = element('div', { class: 'estimate', role: 'status' });
  private readonly reason = element('p', { class: 'note', id: 'start-reason', hidden: true });
  private readonly buttons: Record<
    'estimate' | 'start' | 'stop' | 'resume',
    HTMLElementTagNameMap['vscode-button']
  >;

  constructor(readonly act: (action: CeftAction) => void) {
    const button = (action: CeftAction, text: string, icon: string, secondary: boolean) => {
      const made = element('vscode-button', { icon, 'data-action': action, secondary }, text);
      made.addEventListener('click', () => act(action));
      return made;
    };
    this.buttons = {
      estimate: button('estimate', t('Estimate'), 'dashboard', true),
      start: button('start', t('Start'), 'play', false),
      stop: button('stop', t('Stop'), 'debug-stop', false),
      resume: button('resume', t('Resume'), 'debug-continue', true),
    };
    const { estimate, start, stop, resume } = this.buttons;
    start.setAttribute('aria-describedby', this.reason.id);
    this.root.append(
      element('div', { class: 'buttons' }, start, stop, resume, estimate),
      this.reason,
      this.estimate,
    );
  }

  show({ trusted, estimate, training }: Shown, { problems }: CheckedForm): void {
    const running = training?.phase === 'running' || training?.phase === 'stopping';
    const reason = reasonNotToStart(trusted, Object.keys(problems).length);
    const { estimate: estimating, start, stop, resume } = this.buttons;
    start.hidden = running;
    start.disabled = reason !== undefined;
    start.title = reason ?? '';
    stop.hidden = !running;
    stop.disabled = training?.phase === 'stopping';
    resume.hidden = running || !(training?.resumable ?? false);
    resume.disabled = !trusted;
    estimating.hidden = running;
    estimating.disabled = reason !== undefined || estimate.state === 'busy';
    this.reason.hidden = running || reason === undefined;
    this.reason.textContent = reason ?? '';
    this.estimate.replaceChildren(...(running ? [] : estimateLines(estimate)));
  }
}

function reasonNotToStart(trusted: boolean, problems: number): string | undefined {
  if (!trusted) return t('This workspace is not trusted: nothing is run.');
  if (problems === 0) return undefined;
  return problems === 1
    ? t('Correct the marked field to start.')
    : t('Correct the {0} marked fields to start.', problems);
}

function estimateLines(estimate: CeftEstimate): HTMLElement[] {
  switch (estimate.state) {
    case 'none':
      return [];
    case 'busy':
      return [element('p', { class: 'note' }, t('Estimating: a small piece of the work is run…'))];
    case 'failed':
      return [element('p', { class: 'problem' }, estimate.error)];
    case 'done':
      return doneLines(estimate);
  }
}

function doneLines({ fresh, result }: Extract<CeftEstimate, { state: 'done' }>): HTMLElement[] {
  const facts: [string, string][] = [
    [t('Memory'), bytes(result.memory_bytes)],
    [t('Time'), duration(result.seconds)],
    [t('Trainable parameters'), integer(result.trainable_parameters)],
    [t('Steps'), integer(result.steps)],
    ...samplesFacts(result.samples),
  ];
  const list = element(
    'dl',
    { class: fresh ? 'facts' : 'facts stale' },
    ...facts.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]),
  );
  return [
    ...result.problems.map(problem => element('p', { class: 'problem' }, problem)),
    ...(result.problems.length > 0 ? [] : [list]),
    ...(fresh ? [] : [element('p', { class: 'note' }, t('Of other values than the form has now.'))]),
  ];
}

function samplesFacts({ train, dev, test }: EstimateResult['samples']): [string, string][] {
  return [
    [t('Train samples'), integer(train)],
    ...(dev === undefined ? [] : [[t('Dev samples'), integer(dev)] satisfies [string, string]]),
    ...(test === undefined ? [] : [[t('Test samples'), integer(test)] satisfies [string, string]]),
  ];
}
