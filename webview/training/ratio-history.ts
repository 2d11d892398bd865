/** @file Heat maps of the ratios on the dev set that grow with the training, and a slider that looks back. */
import './ratio-history.css';

import { t } from '@vscode/l10n';

import type { ExpertList, RatioLine } from '../../src/protocol/artifacts';
import { element } from '../shared/dom';
import { integer } from '../shared/format';
import type { SaveFile } from '../shared/picture';
import { RatioMaps } from '../shared/ratio-maps';
import type { ShownRatios } from '../shared/ratios';
import type { Theme } from '../shared/theme';
import { ratiosAt } from './ratios-at';

export class RatioHistory {
  private lines: readonly RatioLine[] = [];
  private maps: RatioMaps | undefined;
  private marked: ShownRatios['marked'] = { experts: {}, as: '' };
  private readonly slider = element('input', { type: 'range', min: 0, 'aria-label': t('Evaluation') });
  private readonly where = element('output');
  private readonly steps = element('div', { class: 'steps' }, this.slider, this.where);

  /** @param place gets the section with the first line */
  constructor(
    private readonly place: (section: HTMLElement) => void,
    private readonly save: SaveFile,
  ) {
    this.slider.addEventListener('input', () => this.show());
  }

  /** The newest is shown, unless the user looks back. */
  add(lines: readonly RatioLine[], fromStart: boolean, theme: Theme): void {
    const atEnd = fromStart || this.chosen === this.lines.length - 1;
    this.lines = fromStart ? lines : [...this.lines, ...lines];
    if (this.lines.length === 0) return;
    this.slider.max = String(this.lines.length - 1);
    if (atEnd) this.slider.value = this.slider.max;
    this.show(theme);
  }

  /** @param as what the ★ says of the experts */
  mark(experts: ExpertList, as: string): void {
    if (JSON.stringify([experts, as]) === JSON.stringify([this.marked.experts, this.marked.as])) return;
    this.marked = { experts, as };
    this.show();
  }

  draw(theme: Theme): void {
    this.maps?.draw(theme);
  }

  private get chosen(): number {
    return Number(this.slider.value);
  }

  /** @param theme needed the first time */
  private show(theme?: Theme): void {
    if (this.lines.length === 0) return;
    const { step } = this.lines[this.chosen];
    const text = step === 0 ? t('before the first update') : t('after {0} updates', integer(step));
    this.where.textContent = text;
    this.slider.setAttribute('aria-valuetext', text);
    const shown: ShownRatios = {
      ratios: ratiosAt(this.lines, this.chosen),
      names: {
        base: this.lines[0].step === 0 ? t('Before training') : t('At first'),
        tuned: t('In training'),
      },
      meaning: t('share of a sample’s routing, mean over dev samples'),
      marked: this.marked,
    };
    if (this.maps) this.maps.update(shown);
    else if (theme) this.make(shown, theme);
  }

  private make(shown: ShownRatios, theme: Theme): void {
    const title = t('Context-dependence ratio as it trains');
    this.maps = new RatioMaps(shown, theme, { title, name: 'ratio-history', save: this.save });
    this.maps.root.querySelector('header')?.after(this.steps);
    this.place(this.maps.root);
  }
}
