/** @file Lines above the panel's content: what is under way, what went wrong, that the text was edited since. */
import { t } from '@vscode/l10n';

import { element } from '../shared/dom';
import type { PanelState } from './state';

const names = ['busy', 'error', 'stale', 'empty'] as const;

export class Notices {
  readonly root: HTMLElement;
  private readonly lines = {
    busy: element('p', { class: 'notice busy', role: 'status' }),
    error: element('p', { class: 'notice error', role: 'alert' }),
    stale: element('p', { class: 'notice stale', role: 'status' }),
    empty: element('p', { class: 'notice empty' }),
  };

  constructor() {
    this.root = element('div', { class: 'notices' }, ...Object.values(this.lines));
  }

  show({ view, busy, error, stale }: PanelState): void {
    const nothing = view === undefined && busy === undefined && error === undefined;
    const texts = {
      busy,
      error,
      stale: stale
        ? t('The document was edited after this trace. Trace it again to see its present routing.')
        : undefined,
      empty: nothing
        ? t('No prompt has been traced yet. Select text and run “Trace Routing of This Prompt”.')
        : undefined,
    };
    for (const name of names) {
      this.lines[name].textContent = texts[name] ?? '';
      this.lines[name].hidden = texts[name] === undefined;
    }
  }
}
