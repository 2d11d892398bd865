/** @file The Analysis panel: what was analysed, and its result as charts. */
import '../shared/page.css';
import '../shared/panel.css';
import '../shared/theme.css';
import './analysis-page.css';

import type { ToAnalysisPanel } from '../../src/protocol/analysis-panel';
import { Chart } from '../shared/chart';
import { element } from '../shared/dom';
import type { SaveFile } from '../shared/picture';
import { readTheme, type Theme, watchTheme } from '../shared/theme';
import { analysisCharts } from './analysis-charts';
import { analysisTitle } from './analysis-title';
import { TransferTable } from './transfer-table';

type Shown = Extract<ToAnalysisPanel, { type: 'show' }>;

interface Figure {
  root: HTMLElement;
  draw: (theme: Theme) => void;
}

/** CSS pixels; bars are as high as they need. */
const heights = { lines: 240, points: 480, bars: undefined };

export class AnalysisPage {
  private readonly title = element('h1');
  private readonly about = element('p', { class: 'note' });
  private readonly note = element('p', { class: 'note' });
  private readonly error = element('p', { class: 'notice error', role: 'alert', hidden: true });
  private readonly content = element('main', { class: 'analysis' });
  private figures: Figure[] = [];

  constructor(private readonly save: SaveFile) {
    const header = element('header', { class: 'about' }, this.title, this.about, this.note);
    document.body.append(header, this.error, this.content);
    watchTheme(theme => this.figures.forEach(figure => figure.draw(theme)));
  }

  show({ folder, record, result }: Shown): void {
    this.error.hidden = true;
    const { title, note } = analysisTitle(result);
    this.title.textContent = title;
    const files = record.datasets.map(({ path }) => path.split(/[/\\]/).at(-1));
    this.about.textContent = [record.model.name, ...files, folder.split(/[/\\]/).at(-1)].join(' · ');
    this.about.title = [folder, ...record.datasets.map(({ path }) => path)].join('\n');
    this.note.textContent = note;
    this.figures =
      result.kind === 'transfer'
        ? [new TransferTable(result, this.save)]
        : analysisCharts(result).map(
            data => new Chart(data, { save: this.save, height: heights[data.kind] }),
          );
    const roots = this.figures.map(({ root }) => root);
    this.content.replaceChildren(element('div', { class: `charts ${result.kind}` }, ...roots));
    const theme = readTheme();
    for (const figure of this.figures) figure.draw(theme);
  }

  showError(text: string): void {
    this.error.textContent = text;
    this.error.hidden = false;
  }
}
