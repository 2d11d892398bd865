/** @file The section with the heat map layers × tokens, its read-out and zoom buttons. */
import './layer-map.css';

import { t } from '@vscode/l10n';

import type { RoutingView, TokenSpan } from '../../src/protocol/routing-view';
import { paintCells } from '../shared/colour-scale';
import { element, section } from '../shared/dom';
import { quotedToken } from '../shared/format';
import { HeatMap } from '../shared/heat-map';
import type { Band, Pointer } from '../shared/heat-map-data';
import type { Theme } from '../shared/theme';
import { type Grid, position } from './grid';
import type { Groups } from './groups';
import { type Grouping, groupText } from './groups';
import { type Quantity, quantityName } from './quantities';
import { spanRange } from './token-facts';

/** A place on the map: a token (the first of its group), a layer, or both. */
export interface Place {
  token?: number;
  layer?: number;
}

export interface LayerMapEvents {
  hover: (place: Place | undefined) => void;
  pin: (token: number) => void;
}

interface Shown {
  view: RoutingView;
  groups: Groups;
  grouping: Grouping;
  grid: Grid;
}

export class LayerMap {
  readonly root: HTMLElement;
  /** Place of a menu. */
  readonly tools = element('span', { class: 'tools' });
  private readonly readout = element('span', { 'aria-live': 'polite' });
  private readonly map: HeatMap;
  private shown: Shown | undefined;

  constructor(theme: Theme, events: LayerMapEvents) {
    const { root, note } = section(t('Layers × tokens'), 'layer-map');
    this.root = root;
    const tokenAt = (column: number): number => this.shown?.groups.list[column]?.from ?? 0;
    this.map = new HeatMap(theme, {
      hover: cell =>
        events.hover(cell && { token: tokenAt(cell.column), layer: this.shown?.grid.layers[cell.row] }),
      select: cell => events.pin(tokenAt(cell.column)),
    });
    note.append(
      this.readout,
      button('−', t('Zoom out'), () => this.map.zoomBy(1 / 0.6)),
      button('+', t('Zoom in'), () => this.map.zoomBy(0.6)),
      button(t('Fit'), t('Fit: show all tokens'), () => this.map.zoomBy(Infinity)),
      this.tools,
    );
    root.append(this.map.root);
  }

  show(shown: Shown, quantity: Quantity, theme: Theme): void {
    this.shown = shown;
    const { view, groups, grouping, grid } = shown;
    const positions = grid.rows.map(row => row.map(value => position(grid, value)));
    this.map.show(
      {
        rowLabels: grid.layers.map(layer => `L${layer}`),
        columns: groups.count,
        pixels: paintCells(positions, theme.data[grid.scale]),
        columnName: columnName(grouping),
        description: t(
          'Heat map of {0}, {1}. Arrow keys, Home and End move the cross-hair, Enter pins, plus and minus zoom.',
          quantityName(quantity),
          sizeWords(shown),
        ),
        bands: [...band(view, groups, 'context', 'solid'), ...band(view, groups, 'generated', 'dotted')],
      },
      theme,
    );
  }

  /** Follows hover and pin, wherever they were made, and says what the cross-hair is on. */
  point(hovered: Place | undefined, pinned: number | undefined): void {
    if (!this.shown) return;
    const { groups } = this.shown;
    this.map.point(hovered && this.pointer(hovered), pinned === undefined ? undefined : groups.at(pinned));
    this.readout.textContent = this.words(hovered);
  }

  /** Puts dots on the cells of a layer that went to the chosen expert. */
  markRouted(layer: number | undefined, groups: readonly number[]): void {
    const row = layer === undefined ? -1 : (this.shown?.grid.layers.indexOf(layer) ?? -1);
    this.map.dot(row < 0 ? undefined : { row, columns: groups });
  }

  /** Scrolls a zoomed map to the token. */
  reveal(token: number): void {
    if (this.shown) this.map.reveal(this.shown.groups.at(token));
  }

  private pointer({ token, layer }: Place): Pointer | undefined {
    const { groups, grid } = this.shown ?? {};
    const row = layer === undefined ? undefined : grid?.layers.indexOf(layer);
    return {
      column: token === undefined ? undefined : groups?.at(token),
      row: row === undefined || row < 0 ? undefined : row,
    };
  }

  private words(hovered: Place | undefined): string {
    if (!this.shown) return '';
    const { view, groups, grid } = this.shown;
    const { column, row } = (hovered && this.pointer(hovered)) ?? {};
    if (column === undefined) return t('Ctrl + scroll zooms, drag moves · {0}', sizeWords(this.shown));
    const { from, to } = groups.list[column];
    const text = shortened(quotedToken(groupText(view, { from, to })));
    const name = to - from > 1 ? t('tokens {0}–{1} {2}', from, to - 1, text) : t('token {0} {1}', from, text);
    return row === undefined
      ? `${name} · ${grid.valuesAre} · ${grid.format(grid.values[column])}`
      : `${t('layer {0}', grid.layers[row])} · ${name} · ${grid.format(grid.rows[row][column])}`;
  }
}

function sizeWords({ grid, groups, grouping }: Shown): string {
  const layers = grid.layers.length;
  switch (grouping) {
    case 'token':
      return t('{0} layers × {1} tokens', layers, groups.count);
    case 'word':
      return t('{0} layers × {1} words', layers, groups.count);
    case 'sentence':
      return t('{0} layers × {1} sentences', layers, groups.count);
    case 'paragraph':
      return t('{0} layers × {1} paragraphs', layers, groups.count);
  }
}

function columnName(grouping: Grouping): string {
  switch (grouping) {
    case 'token':
      return t('token');
    case 'word':
      return t('word');
    case 'sentence':
      return t('sentence');
    case 'paragraph':
      return t('paragraph');
  }
}

function shortened(text: string): string {
  return text.length > 48 ? `${text.slice(0, 46)}…”` : text;
}

function band(view: RoutingView, groups: Groups, span: TokenSpan, line: Band['line']): Band[] {
  const range = spanRange(view, span);
  return range ? [{ from: groups.at(range.from), to: groups.at(range.to - 1) + 1, line }] : [];
}

function button(text: string, label: string, click: () => void): HTMLElement {
  const made = element('button', { type: 'button', title: label, 'aria-label': label }, text);
  made.addEventListener('click', click);
  return made;
}
