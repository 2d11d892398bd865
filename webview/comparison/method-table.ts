/** @file The table of methods on the page: a press on a heading sorts, the best of a column is marked. */
import { t } from '@vscode/l10n';

import { barPanel } from '../../src/figures/bar-panel';
import { csv } from '../../src/figures/csv';
import { figure } from '../../src/figures/figure';
import { blue, seriesColour } from '../../src/figures/style';
import { element } from '../shared/dom';
import { integer } from '../shared/format';
import { pictureMenu, type SaveFile } from '../shared/picture';
import {
  bestOf,
  columnOf,
  isOneTest,
  type MethodRow,
  methodTable,
  quantities,
  type Quantity,
  sorted,
} from './method-rows';

type Order = Quantity | 'name';

export class MethodTable {
  readonly root: HTMLElement;
  private readonly body = element('tbody');
  private readonly headings = new Map<Order, HTMLElement>();
  private order: { by: Order; descending: boolean } | undefined;

  constructor(
    private readonly rows: readonly MethodRow[],
    save: SaveFile,
  ) {
    const title = t('Comparison of methods');
    const picture = {
      title: () => title,
      svg: () => scoresFigure(title, rows),
      csv: () => csv(methodTable(this.shown())),
    };
    const head = element('tr', {}, ...(['name', ...quantities] as const).map(by => this.heading(by)));
    const caption = element('caption', { class: 'visually-hidden' }, title);
    const table = element(
      'table',
      { class: 'methods-table' },
      caption,
      element('thead', {}, head),
      this.body,
    );
    this.root = element(
      'figure',
      {},
      element(
        'figcaption',
        {},
        element('span', { class: 'note' }, this.note()),
        element('span', { class: 'tools' }, pictureMenu(picture, save).root),
      ),
      element('div', { class: 'scroll' }, table),
    );
    this.fill();
  }

  private note(): string {
    const note = t('as measured in each run; –: not measured');
    if (!isOneTest(this.rows)) return t('{0}; scores are of different test sets', note);
    const { test } = this.rows.find(row => row.test) ?? {};
    return test ? t('{0}; scores of {1}, {2} samples', note, test.file, integer(test.samples)) : note;
  }

  private shown(): MethodRow[] {
    return this.order ? sorted(this.rows, this.order.by, this.order.descending) : [...this.rows];
  }

  private heading(by: Order): HTMLElement {
    const button = element('button', { type: 'button' }, by === 'name' ? t('Method') : columnOf(by).title);
    button.title = t('Sort by this column');
    button.addEventListener('click', () => this.sortBy(by));
    const heading = element('th', { scope: 'col' }, button);
    this.headings.set(by, heading);
    return heading;
  }

  /** First the best, then the other way round. */
  private sortBy(by: Order): void {
    const bestFirst = by !== 'name' && columnOf(by).best === 'highest';
    this.order = { by, descending: this.order?.by === by ? !this.order.descending : bestFirst };
    for (const [name, heading] of this.headings) {
      if (name === by) heading.setAttribute('aria-sort', this.order.descending ? 'descending' : 'ascending');
      else heading.removeAttribute('aria-sort');
    }
    this.fill();
  }

  /** Where the rows are of different ones. */
  private testOf({ test }: MethodRow): HTMLElement[] {
    if (!test || isOneTest(this.rows)) return [];
    return [element('small', {}, t('{0}, {1} samples', test.file, integer(test.samples)))];
  }

  private fill(): void {
    const best = new Map(quantities.map(quantity => [quantity, bestOf(this.rows, quantity)]));
    const lines = this.shown().map(row => {
      const name = element('th', { scope: 'row' }, row.name, ...this.testOf(row));
      name.title = row.run;
      const cells = quantities.map(quantity => {
        const value = row.values[quantity];
        const text = value === undefined ? '–' : columnOf(quantity).format(value);
        return best.get(quantity)?.has(row)
          ? element('td', {}, element('strong', {}, text), element('small', { class: 'best' }, t('best')))
          : element('td', {}, text);
      });
      return element('tr', {}, name, ...cells);
    });
    this.body.replaceChildren(...lines);
  }
}

/** The scores as bars: a table is no picture. */
function scoresFigure(title: string, rows: readonly MethodRow[]): string {
  const colours = { em: blue, f1: seriesColour(1) };
  const bar = (row: MethodRow, quantity: 'em' | 'f1'): { colour: string; value?: number } => {
    const value = row.values[quantity];
    return { colour: colours[quantity], ...(value === undefined ? {} : { value }) };
  };
  return figure({
    title,
    key: [
      { name: 'EM', colour: colours.em, mark: 'square' },
      { name: 'F1', colour: colours.f1, mark: 'square' },
    ],
    panels: [
      barPanel({
        ...{ title: '', xName: t('percent'), atLeast: 100, width: 620 },
        rows: rows.map(row => ({ name: row.name, bars: [bar(row, 'em'), bar(row, 'f1')] })),
        format: value => value.toFixed(1),
      }),
    ],
  });
}
