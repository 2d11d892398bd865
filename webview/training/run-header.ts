/** @file The head of the Training panel: what is trained, its state and progress, what can be done now. */
import '@vscode-elements/elements/dist/vscode-button/index.js';
import '@vscode-elements/elements/dist/vscode-icon/index.js';

import { t } from '@vscode/l10n';

import type { RunState, ToTrainingPanel, TrainingAction } from '../../src/protocol/training-panel';
import { element } from '../shared/dom';
import { duration, integer } from '../shared/format';
import { methodName } from '../shared/method-name';

const stateIcons: Record<RunState, string> = {
  running: 'sync',
  done: 'pass',
  failed: 'error',
  cancelled: 'circle-slash',
  interrupted: 'debug-disconnect',
};

function stateText(state: RunState): string {
  const texts: Record<RunState, string> = {
    running: t('running'),
    done: t('done'),
    failed: t('failed'),
    cancelled: t('stopped'),
    interrupted: t('interrupted'),
  };
  return texts[state];
}

function actionText(action: TrainingAction): { name: string; icon: string } {
  const texts: Record<TrainingAction, { name: string; icon: string }> = {
    stop: { name: t('Stop'), icon: 'debug-stop' },
    resume: { name: t('Resume'), icon: 'debug-continue' },
    report: { name: t('Open Report'), icon: 'graph' },
    experts: { name: t('Show Experts'), icon: 'list-tree' },
  };
  return texts[action];
}

/** Steps done and left; seconds left where they can be told. */
export interface Progress {
  done: number;
  total: number | undefined;
  left: number | undefined;
}

export class RunHeader {
  readonly root: HTMLElement;
  private readonly title = element('h1');
  private readonly about = element('p', { class: 'note' });
  private readonly state = element('p', { class: 'state', role: 'status' });
  private readonly bar = element('progress', { 'aria-label': t('Steps') });
  private readonly actions = element('div', { class: 'actions' });
  private offered = '';

  constructor(private readonly act: (action: TrainingAction) => void) {
    this.root = element(
      'header',
      { class: 'run-header', hidden: true },
      element('div', {}, this.title, this.about),
      element('div', { class: 'progress' }, this.state, this.bar),
      this.actions,
    );
  }

  show(
    { record, state, folder, actions }: Extract<ToTrainingPanel, { type: 'run' }>,
    progress: Progress,
  ): void {
    this.root.hidden = false;
    this.title.textContent = t('{0} of {1}', methodName(record), record.model.name);
    const train = record.datasets.find(({ split }) => split === 'train');
    this.about.textContent = [folder, train?.path].flatMap(file => lastName(file) ?? []).join(' · ');
    this.about.title = [folder, train?.path].filter(Boolean).join('\n');
    this.showState(state, record.error, progress);
    this.showActions(actions);
  }

  private showState(state: RunState, error: string | undefined, { done, total, left }: Progress): void {
    const text = [
      stateText(state),
      ...(state === 'done' || total === undefined
        ? []
        : [t('step {0} of {1}', integer(done), integer(total))]),
      ...(left === undefined ? [] : [t('about {0} left', duration(left))]),
      ...(error === undefined ? [] : [error]),
    ].join(' · ');
    if (this.state.dataset.text !== text) {
      this.state.dataset.text = text;
      this.state.replaceChildren(element('vscode-icon', { name: stateIcons[state] }), text);
      this.state.className = `state ${state}`;
    }
    this.bar.hidden = state === 'done' || total === undefined;
    if (total !== undefined) [this.bar.max, this.bar.value] = [total, done];
  }

  /** Made anew only when they change: a button that is replaced loses the focus. */
  private showActions(actions: readonly TrainingAction[]): void {
    if (actions.join() === this.offered) return;
    this.offered = actions.join();
    const buttons = actions.map(action => {
      const { name, icon } = actionText(action);
      const button = element('vscode-button', { icon, secondary: true }, name);
      button.addEventListener('click', () => this.act(action));
      return button;
    });
    this.actions.replaceChildren(...buttons);
  }
}

function lastName(file: string | undefined): string | undefined {
  return file?.split(/[/\\]/).at(-1);
}
