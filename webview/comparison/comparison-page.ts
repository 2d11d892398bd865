/** @file The Comparison panel: a table of methods, their curves over each other, what their expert lists share. */
import '../shared/page.css';
import '../shared/panel.css';
import '../shared/theme.css';
import './comparison-page.css';

import { t } from '@vscode/l10n';

import type { ComparedRun } from '../../src/protocol/comparison-panel';
import { Chart } from '../shared/chart';
import type { ChartData } from '../shared/chart-data';
import { element, section } from '../shared/dom';
import type { SaveFile } from '../shared/picture';
import { readTheme, watchTheme } from '../shared/theme';
import { comparedCurves, expertOverlap, runNames } from './compared-charts';
import { methodRows } from './method-rows';
import { MethodTable } from './method-table';

export class ComparisonPage {
  private readonly about = element('p', { class: 'note' });
  private readonly error = element('p', { class: 'notice error', role: 'alert', hidden: true });
  private readonly content = element('main');
  private charts: Chart[] = [];

  constructor(private readonly save: SaveFile) {
    const header = element(
      'header',
      { class: 'about' },
      element('h1', {}, t('Comparison of runs')),
      this.about,
    );
    document.body.append(header, this.error, this.content);
    watchTheme(theme => this.charts.forEach(chart => chart.draw(theme)));
  }

  show(runs: readonly ComparedRun[]): void {
    this.error.hidden = true;
    const models = [...new Set(runs.map(({ record }) => record.model.name))];
    this.about.textContent = t('{0} runs of {1}', runs.length, models.join(', '));
    const names = runNames(runs);
    const methods = section(t('Methods'), 'methods');
    methods.root.append(new MethodTable(methodRows(runs, names), this.save).root);
    this.charts.forEach(chart => chart.destroy());
    this.charts = [];
    const curves = this.charted(t('Curves'), 'curves', comparedCurves(runs, names));
    const overlap = this.charted(t('Experts in both lists'), 'overlap', expertOverlap(runs, names));
    this.content.replaceChildren(methods.root, ...curves, ...overlap);
    const theme = readTheme();
    for (const chart of this.charts) chart.draw(theme);
  }

  showError(text: string): void {
    this.error.textContent = text;
    this.error.hidden = false;
  }

  /** A section, where there is something in it. */
  private charted(title: string, name: string, data: readonly ChartData[]): HTMLElement[] {
    if (data.length === 0) return [];
    const charts = data.map(each => new Chart(each, { save: this.save, height: 220 }));
    this.charts.push(...charts);
    const { root } = section(title, name);
    root.append(element('div', { class: 'charts' }, ...charts.map(chart => chart.root)));
    return [root];
  }
}
