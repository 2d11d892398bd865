/** @file The Training panel: what is trained and how far it is, its numbers, its curves, the ratios that it led to. */
import '../shared/page.css';
import '../shared/panel.css';
import '../shared/theme.css';
import './training-page.css';

import { t } from '@vscode/l10n';

import type { ContextDependence, MetricLine, RatioLine } from '../../src/protocol/artifacts';
import type { ToTrainingPanel, TrainingAction } from '../../src/protocol/training-panel';
import { Chart } from '../shared/chart';
import { element, section } from '../shared/dom';
import { headlineList } from '../shared/headline-list';
import type { SaveFile } from '../shared/picture';
import { RatioMaps, shownStatistics } from '../shared/ratio-maps';
import { readTheme, type Theme, watchTheme } from '../shared/theme';
import { type CurveName, curveNames, trainingCharts } from '../shared/training-curves';
import { RatioHistory } from './ratio-history';
import { expectedSteps, headlines, Pace, stepsDone } from './run-facts';
import { RunHeader } from './run-header';

type ShownRun = Extract<ToTrainingPanel, { type: 'run' }>;

export interface TrainingEvents {
  act: (action: TrainingAction) => void;
  save: SaveFile;
}

export class TrainingPage {
  private theme: Theme = readTheme();
  private readonly header: RunHeader;
  private readonly error = element('p', { class: 'notice error', role: 'alert', hidden: true });
  private readonly numbers = element('dl', { class: 'headlines' });
  private readonly curves = section(t('Training'), 'curves');
  private readonly grid = element('div', { class: 'charts' });
  private readonly waiting = element('p', { class: 'empty' }, t('No step has been made yet.'));
  private readonly charts = new Map<CurveName, Chart>();
  private readonly content: HTMLElement;
  private maps: RatioMaps | undefined;
  private readonly history: RatioHistory;
  private ratios = '';
  private run: ShownRun | undefined;
  private lines: MetricLine[] = [];
  private readonly pace = new Pace();
  private frame = 0;

  constructor(private readonly events: TrainingEvents) {
    this.header = new RunHeader(events.act);
    this.history = new RatioHistory(section => this.content.append(section), events.save);
    this.curves.root.append(this.waiting, this.grid);
    this.content = element('main', {}, this.numbers, this.curves.root);
    this.content.hidden = true;
    document.body.append(this.header.root, this.error, this.content);
    watchTheme(theme => {
      this.theme = theme;
      for (const chart of this.charts.values()) chart.draw(theme);
      this.maps?.draw(theme);
      this.history.draw(theme);
    });
  }

  showRun(run: ShownRun): void {
    this.run = run;
    this.error.hidden = true;
    this.content.hidden = false;
    this.showStatistics(run.context_dependence);
    const { experts } = run.record;
    if (experts) this.history.mark(experts, t('trained'));
    else this.history.mark(run.context_dependence?.ce ?? {}, t('context-faithful'));
    this.redraw();
  }

  showMetrics(lines: readonly MetricLine[], fromStart: boolean): void {
    this.lines = fromStart ? [...lines] : [...this.lines, ...lines];
    this.pace.saw(stepsDone(this.lines), performance.now());
    this.redraw();
  }

  /** Those of the evaluations on the dev set. */
  showRatios(lines: readonly RatioLine[], fromStart: boolean): void {
    this.history.add(lines, fromStart, this.theme);
  }

  showError(text: string): void {
    this.error.textContent = text;
    this.error.hidden = false;
  }

  /** Once for all that arrives between two frames. */
  private redraw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    if (!this.run) return;
    const { record, state } = this.run;
    const total = expectedSteps(record);
    const left = state === 'running' && total !== undefined ? this.pace.remaining(total) : undefined;
    this.header.show(this.run, { done: stepsDone(this.lines), total, left });
    this.numbers.replaceChildren(...headlineList(headlines(record, this.lines)));
    this.drawCurves(total);
  }

  private drawCurves(total: number | undefined): void {
    const curves = trainingCharts(this.lines, total);
    this.waiting.hidden = curves.size > 0;
    const isComplete = [...curves.keys()].every(name => this.charts.has(name));
    for (const [name, data] of curves) {
      const chart = this.charts.get(name);
      if (chart) chart.update(data);
      else this.charts.set(name, new Chart(data, { save: this.events.save, height: 180 }));
    }
    if (isComplete) return;
    const shown = curveNames.flatMap(name => this.charts.get(name) ?? []);
    this.grid.replaceChildren(...shown.map(chart => chart.root));
    for (const chart of shown) chart.draw(this.theme);
  }

  /** What the run found, once it is done. */
  private showStatistics(content: ContextDependence | undefined): void {
    const ratios = JSON.stringify(content ?? null);
    if (ratios === this.ratios) return;
    this.ratios = ratios;
    this.maps?.root.remove();
    this.maps = content && new RatioMaps(shownStatistics(content), this.theme, { save: this.events.save });
    if (this.maps) this.curves.root.after(this.maps.root);
  }
}
