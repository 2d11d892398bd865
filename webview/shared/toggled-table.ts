/** @file A table that takes the place of a drawing, for who cannot see it or wants its numbers. Made when it is first shown. */
import { t } from '@vscode/l10n';

import type { Cell, Table } from '../../src/figures/csv';
import { element, table } from './dom';

export interface ToggledTable {
  root: HTMLElement;
  /** The button that shows and hides it. */
  toggle: HTMLElement;
  /** Makes the table again where it is shown. */
  refresh: () => void;
}

/** Rows beyond this are in the saved CSV only: a page of ten thousand rows cannot be used. */
const mostRows = 1000;

export function toggledTable(content: () => Table, drawing: HTMLElement): ToggledTable {
  const root = element('div', { class: 'data-table', tabindex: 0, role: 'region', hidden: true });
  root.setAttribute('aria-label', t('Numbers of the chart'));
  const toggle = element('button', { type: 'button', 'aria-pressed': 'false' }, t('Table'));
  toggle.title = t('Show the numbers as a table');
  const refresh = (): void => {
    if (!root.hidden) root.replaceChildren(made(content()));
  };
  toggle.addEventListener('click', () => {
    root.hidden = !root.hidden;
    drawing.hidden = !root.hidden;
    toggle.setAttribute('aria-pressed', String(!root.hidden));
    refresh();
  });
  return { root, toggle, refresh };
}

function made({ columns, rows }: Table): HTMLElement {
  const caption =
    rows.length > mostRows
      ? t('The first {0} of {1} lines; a saved CSV has them all', mostRows, rows.length)
      : t('{0} lines', rows.length);
  return table(
    caption,
    columns,
    rows.slice(0, mostRows).map(row => row.map(text)),
  );
}

function text(cell: Cell): string {
  if (cell === null || cell === undefined) return '–';
  return typeof cell === 'number' ? String(Number(cell.toPrecision(6))) : String(cell);
}
