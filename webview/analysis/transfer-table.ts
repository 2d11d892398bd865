/** @file The transfer matrix as a table in colours: tuned on the row's dataset, evaluated on the column's. */
import { t } from '@vscode/l10n';

import { type Cell, csv, type Table } from '../../src/figures/csv';
import { figure } from '../../src/figures/figure';
import { matrixPanel } from '../../src/figures/matrix-panel';
import type { AnalysisResultOf } from '../../src/protocol/analysis-results';
import type { Estimate } from '../../src/protocol/evaluation';
import { cssColour, readableOn } from '../shared/colour-scale';
import { element, table } from '../shared/dom';
import { signedNumber } from '../shared/format';
import { pictureMenu, type SaveFile } from '../shared/picture';
import type { Theme } from '../shared/theme';

type Result = AnalysisResultOf<'transfer'>;

export class TransferTable {
  readonly root: HTMLElement;
  private readonly cells: { cell: HTMLElement; position: number }[] = [];

  constructor(result: Result, save: SaveFile) {
    const title = t('Gain of exact match, percentage points');
    const picture = {
      title: () => title,
      svg: () => matrixFigure(title, result),
      csv: () => csv(transferTable(result)),
    };
    const headings = [t('tuned on ↓, evaluated on →'), ...result.columns.map(({ name }) => name)];
    this.root = element(
      'figure',
      { class: 'transfer-table' },
      element('figcaption', {}, element('span', { class: 'tools' }, pictureMenu(picture, save).root)),
      element('div', { class: 'scroll' }, table(title, headings, this.rows(result))),
    );
  }

  /** The colours say what the numbers say. */
  draw({ data, foreground }: Theme): void {
    for (const { cell, position } of this.cells) {
      const background = data.diverging(0.5 + position / 2);
      cell.style.background = cssColour(background);
      cell.style.color = cssColour(readableOn(background, foreground));
    }
  }

  private rows({ rows, columns, cells }: Result): (Node | string)[][] {
    const largest = Math.max(1e-9, ...cells.flat().map(({ em_gain }) => Math.abs(em_gain.value ?? 0)));
    const exactMatch = (em: number): HTMLElement => element('small', {}, t('EM {0} %', em.toFixed(1)));
    const untuned = columns.map(({ base }) => element('span', { class: 'cell' }, exactMatch(base.em)));
    const tuned = rows.map(({ name }, r) => [
      name,
      ...cells[r].map(({ em_gain, scores }) => {
        const gain = element('strong', {}, signed(em_gain.value));
        const interval = element('small', {}, intervalText(em_gain));
        const cell = element('span', { class: 'cell' }, gain, interval, exactMatch(scores.em));
        this.cells.push({ cell, position: (em_gain.value ?? 0) / largest });
        return cell;
      }),
    ]);
    return [[t('untuned'), ...untuned], ...tuned];
  }
}

/** A line for each pair; gains with their intervals. */
export function transferTable({ rows, columns, cells }: Result): Table {
  return {
    columns: ['tuned_on', 'evaluated_on', 'em', 'f1', 'em_gain', 'em_gain_low', 'em_gain_high'],
    rows: [
      ...columns.map(({ name, base }): Cell[] => ['', name, base.em, base.f1, 0, 0, 0]),
      ...cells.flatMap((row, r) =>
        row.map(({ scores, em_gain: { value, low, high } }, c): Cell[] => [
          ...[rows[r].name, columns[c].name, scores.em, scores.f1],
          ...[value, low, high],
        ]),
      ),
    ],
  };
}

function matrixFigure(title: string, { rows, columns, cells }: Result): string {
  const panel = matrixPanel({
    rowsName: t('tuned on'),
    columnsName: t('evaluated on'),
    rows: rows.map(({ name }) => name),
    columns: columns.map(({ name }) => name),
    values: cells.map(row => row.map(({ em_gain }) => em_gain.value ?? 0)),
    details: cells.map(row => row.map(({ em_gain }) => intervalText(em_gain))),
    format: value => signedNumber(value, 1),
  });
  return figure({ title, panels: [panel] });
}

function intervalText({ low, high }: Estimate): string {
  return low === null || high === null ? '' : t('{0} to {1}', signed(low), signed(high));
}

function signed(value: number | null): string {
  return value === null ? '–' : signedNumber(value, 1);
}
