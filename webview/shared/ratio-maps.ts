/** @file Heat maps of the context-dependence ratio, layers × experts: base, tuned and their difference, with one cross-hair. */
import './ratio-maps.css';

import { csv } from '../../src/figures/csv';
import { figure } from '../../src/figures/figure';
import { heatPanel } from '../../src/figures/heat-panel';
import type { ContextDependence } from '../../src/protocol/artifacts';
import { paintCells, type Scale } from './colour-scale';
import { element, section, table } from './dom';
import { integer, percent, percentagePoints } from './format';
import { HeatMap } from './heat-map';
import type { Cell } from './heat-map-geometry';
import { legend } from './legend';
import { type Picture, pictureMenu, type SaveFile } from './picture';
import { isFaithful, type Ratios, ratiosOf } from './ratios';
import type { Theme } from './theme';

interface Panel {
  title: string;
  rows: readonly (readonly number[])[];
  /** Value to place on the scale. */
  position: (value: number) => number;
  scale: (theme: Theme) => Scale;
  ends: [string, string];
  map: HeatMap;
  caption: HTMLElement;
  /** Menu of the picture, in the caption. */
  tools: HTMLElement;
}

export class RatioMaps {
  readonly root: HTMLElement;
  private readonly readout = element('span', { 'aria-live': 'polite' });
  private readonly ratios: Ratios;
  private readonly panels: Panel[];

  constructor(
    private readonly content: ContextDependence,
    theme: Theme,
    save?: SaveFile,
  ) {
    const { root, note } = section('Context-dependence ratio', 'ratio-maps');
    this.root = root;
    note.append(this.readout);
    this.ratios = ratiosOf(content);
    const { base, tuned, difference, highest, largestChange } = this.ratios;
    const share = (value: number): number => (highest === 0 ? 0 : value / highest);
    const change = (value: number): number => (largestChange === 0 ? 0.5 : 0.5 + value / largestChange / 2);
    const ratioEnds: [string, string] = [percent(0), percent(highest)];
    const changeEnds: [string, string] = [percentagePoints(-largestChange), percentagePoints(largestChange)];
    const make = (
      title: string,
      rows: number[][],
      position: Panel['position'],
      ends: Panel['ends'],
    ): Panel => ({
      title,
      rows,
      position,
      scale: ({ data }) => (rows === difference ? data.diverging : data.sequential),
      ends,
      map: new HeatMap(theme, { hover: cell => this.point(cell) }),
      caption: element('figcaption'),
      tools: element('span', { class: 'tools' }),
    });
    this.panels = [
      make('Base', base, share, ratioEnds),
      make('Router-tuned', tuned, share, ratioEnds),
      make('Difference', difference, change, changeEnds),
    ];
    // Many experts need the full width to keep their ★ readable.
    const figures = this.panels.map(panel => {
      if (save) panel.tools.append(pictureMenu(pictureOf(panel, this.ratios.layers), save).root);
      return element('figure', {}, panel.caption, panel.map.root);
    });
    root.append(
      element('div', { class: content.num_experts > 16 ? 'maps stacked' : 'maps' }, ...figures),
      this.tableOfAll(),
    );
    this.draw(theme);
    this.point(undefined);
  }

  /** Draws, or draws again in the colours of `theme`. */
  draw(theme: Theme): void {
    const { layers } = this.ratios;
    const size = `${layers.length} layers × ${this.content.num_experts} experts`;
    for (const { title, rows, position, scale, ends, map, caption, tools } of this.panels) {
      caption.replaceChildren(element('span', {}, title), legend(scale(theme), ends[0], ends[1]), tools);
      map.show(
        {
          rowLabels: layers.map(layer => `L${layer}`),
          columns: this.content.num_experts,
          pixels: paintCells(
            rows.map(row => row.map(position)),
            scale(theme),
          ),
          columnName: 'expert',
          description: `${title}: heat map of the context-dependence ratio, ${size}. Arrow keys move the cross-hair. The same numbers stand in the table below.`,
          isMarked: ({ row, column }) => isFaithful(this.content, layers[row], column),
        },
        theme,
      );
    }
  }

  /** Draws at once, for printing. */
  drawNow(): void {
    for (const { map } of this.panels) map.drawNow();
  }

  private point(cell: Cell | undefined): void {
    for (const { map } of this.panels) map.point(cell);
    this.readout.textContent = cell
      ? this.words(cell)
      : 'share of a sample’s routing, mean over samples · ★ context-faithful';
  }

  private words({ row, column }: Cell): string {
    const layer = this.ratios.layers[row];
    const { base, tuned, difference } = this.ratios;
    const key = String(layer);
    const count = (side: 'base' | 'tuned'): string => integer(this.content.count[side][key]?.[column] ?? 0);
    const star = isFaithful(this.content, layer, column) ? ' ★' : '';
    const ratio = `${percent(base[row][column] ?? 0)} → ${percent(tuned[row][column])}`;
    return `layer ${layer} · expert ${column}${star} · ratio ${ratio} (${percentagePoints(difference[row][column])}) · count ${count('base')} → ${count('tuned')}`;
  }

  /** Every number of the maps; made when it is first opened, as it may have thousands of rows. */
  private tableOfAll(): HTMLElement {
    const details = element('details', {}, element('summary', {}, 'All ratios and counts as a table'));
    details.addEventListener('toggle', () => details.append(this.makeTable()), { once: true });
    return details;
  }

  private makeTable(): HTMLElement {
    const { layers, base, tuned, difference } = this.ratios;
    const count = (side: 'base' | 'tuned', layer: number, expert: number): string =>
      integer(this.content.count[side][String(layer)]?.[expert] ?? 0);
    const rows = layers.flatMap((layer, row) =>
      tuned[row].map((ratio, expert) => [
        String(layer),
        `${expert}${isFaithful(this.content, layer, expert) ? ' ★' : ''}`,
        percent(base[row][expert] ?? 0),
        percent(ratio),
        percentagePoints(difference[row][expert]),
        count('base', layer, expert),
        count('tuned', layer, expert),
      ]),
    );
    const headings = [
      'Layer',
      'Expert',
      'Base ratio',
      'Tuned ratio',
      'Difference',
      'Base count',
      'Tuned count',
    ];
    return table('Context-dependence ratio and count; ★ marks context-faithful experts', headings, rows);
  }
}

/** The map on paper, and its numbers. */
function pictureOf({ title, rows }: Panel, layers: readonly number[]): Picture {
  const name = `Context-dependence ratio: ${title}`;
  const experts = (rows[0] ?? []).map((_, expert) => String(expert));
  return {
    title: () => name,
    svg: () =>
      figure({
        title: name,
        panels: [heatPanel({ rows: layers.map(layer => `L${layer}`), columnName: 'expert', values: rows })],
      }),
    csv: () => csv({ columns: ['layer', ...experts], rows: rows.map((row, r) => [layers[r], ...row]) }),
  };
}
