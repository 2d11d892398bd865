/** @file The report's texts and tables: title, headline numbers, experts, data, settings, machine. */
import type { ContextDependence, ExpertList, RunRecord } from '../../src/protocol/artifacts';
import type { ReportData } from '../../src/protocol/report-page';
import { element, section, table } from '../shared/dom';
import { bytes, integer, percent } from '../shared/format';
import { headlineList as entries } from '../shared/headline-list';
import { expertLists, facts, headlines, type Listed, reportTitle, trainedExperts } from './report-data';

export function heading({ run, context_dependence: content }: ReportData): HTMLElement {
  const { job, status, created, error } = run;
  const about = `${job} · ${status} · ${created.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC')}`;
  const header = element(
    'header',
    {},
    element('h1', {}, reportTitle(run, content !== undefined)),
    element('p', { class: 'subtitle' }, about),
  );
  if (error !== undefined) header.append(element('p', { class: 'subtitle problem' }, error));
  return header;
}

export function headlineList(run: RunRecord): HTMLElement {
  return element('dl', { class: 'headlines' }, ...entries(headlines(run)));
}

/** CE and OE of every layer with the ratios that they are listed for. */
export function expertTable(content: ContextDependence): HTMLElement {
  const { root, note } = section('Experts by layer', 'experts-by-layer');
  note.textContent = `the ${content.k} with the largest ratio, ${integer(content.samples)} samples`;
  const rows = expertLists(content).map(({ layer, ce, oe }) => [
    `L${layer}`,
    listed(ce, true),
    listed(oe, false),
    `${ce.filter(({ shared }) => shared).length} of ${ce.length}`,
  ]);
  const headings = ['Layer', '★ Context-faithful (CE), tuned ratio', 'Original (OE), base ratio', 'In both'];
  root.append(element('div', { class: 'scroll' }, table('Largest first', headings, rows)));
  return root;
}

/** The experts that a fine-tuning trained, layer by layer. */
export function trainedExpertTable(experts: ExpertList): HTMLElement {
  const { root, note } = section('Trained experts', 'trained-experts');
  const layers = trainedExperts(experts);
  note.textContent = `${integer(layers.reduce((sum, { listed }) => sum + listed.length, 0))} in ${layers.length} layers`;
  const rows = layers.map(({ layer, listed }) => [`L${layer}`, listed.join(', ')]);
  root.append(
    element('div', { class: 'scroll' }, table('In the order of their list', ['Layer', 'Experts'], rows)),
  );
  return root;
}

/** Datasets, settings, model, engine. */
export function dataTables(run: RunRecord): HTMLElement[] {
  const { model, engine, settings } = facts(run);
  const datasets = section('Datasets', 'datasets').root;
  const rows = run.datasets.map(({ split, path, samples, used, dropped, bytes: size, sha256 }) => [
    split,
    path,
    integer(used),
    integer(dropped),
    integer(samples),
    bytes(size),
    element('code', { title: sha256 }, `${sha256.slice(0, 12)}…`),
  ]);
  const headings = ['Split', 'File', 'Used', 'Too long', 'In the file', 'Size', 'SHA-256'];
  datasets.append(element('div', { class: 'scroll' }, table('Samples', headings, rows)));
  const columns = element(
    'div',
    { class: 'columns' },
    factSection('Settings', 'settings', settings),
    element(
      'div',
      {},
      factSection('Model', 'model', model),
      factSection('Engine and time', 'engine', engine),
    ),
  );
  return [datasets, columns];
}

function factSection(title: string, name: string, rows: readonly [string, string][]): HTMLElement {
  const { root } = section(title, name);
  const body = rows.map(([key, value]) =>
    element('tr', {}, element('th', { scope: 'row' }, key), element('td', {}, value)),
  );
  root.append(element('table', { class: 'facts' }, element('tbody', {}, ...body)));
  return root;
}

function listed(experts: readonly Listed[], faithful: boolean): HTMLElement {
  const entries = experts.map(({ expert, ratio }) => {
    const star = faithful ? [element('span', { class: 'faithful' }, '★ ')] : [];
    return element(
      'span',
      { class: 'listed' },
      ...star,
      String(expert),
      element('small', {}, percent(ratio)),
    );
  });
  return element('span', {}, ...entries);
}
