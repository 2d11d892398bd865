/** @file The section with the heat map layers × tokens, its read-out and zoom buttons. */
import './layer-map.css';

import type { RoutingView, TokenSpan } from '../../src/protocol/routing-view';
import { paintCells } from '../shared/colour-scale';
import { element, section } from '../shared/dom';
import { quotedToken } from '../shared/format';
import { type Band, HeatMap } from '../shared/heat-map';
import type { Theme } from '../shared/theme';
import { type Grid, position, type Quantity, quantityNames } from './quantities';
import { spanRange } from './token-facts';

export interface LayerMapEvents {
  hover: (place: { token: number; row: number } | undefined) => void;
  pin: (token: number) => void;
}

export class LayerMap {
  readonly root: HTMLElement;
  private readonly readout = element('span', { 'aria-live': 'polite' });
  private readonly map: HeatMap;
  private view: RoutingView | undefined;
  private grid: Grid | undefined;

  constructor(theme: Theme, events: LayerMapEvents) {
    const { root, note } = section('Layers × tokens', 'layer-map');
    this.root = root;
    this.map = new HeatMap(theme, {
      hover: cell => events.hover(cell && { token: cell.column, row: cell.row }),
      select: cell => events.pin(cell.column),
    });
    note.append(
      this.readout,
      button('−', 'Zoom out', () => this.map.zoomBy(1 / 0.6)),
      button('+', 'Zoom in', () => this.map.zoomBy(0.6)),
      button('Fit', 'Show all tokens', () => this.map.zoomBy(Infinity)),
    );
    root.append(this.map.root);
  }

  show(view: RoutingView, grid: Grid, quantity: Quantity, theme: Theme): void {
    [this.view, this.grid] = [view, grid];
    const positions = grid.rows.map(row => row.map(value => position(grid, value)));
    const size = `${grid.layers.length} layers × ${view.tokens.length} tokens`;
    this.map.show(
      {
        rowLabels: grid.layers.map(layer => `L${layer}`),
        columns: view.tokens.length,
        pixels: paintCells(positions, theme.data[grid.scale]),
        columnName: 'token',
        description: `Heat map of ${quantityNames[quantity]}, ${size}. Arrow keys move the cross-hair, Enter pins a token, plus and minus zoom.`,
        bands: [...band(view, 'context', 'solid'), ...band(view, 'generated', 'dotted')],
      },
      theme,
    );
  }

  /** Follows hover and pin, wherever they were made, and says what the cross-hair is on. */
  point(hovered: { token: number; row?: number } | undefined, pinned: number | undefined): void {
    this.map.point(hovered && { column: hovered.token, row: hovered.row }, pinned);
    this.readout.textContent = this.words(hovered);
  }

  /** Scrolls a zoomed map to the token. */
  reveal(token: number): void {
    this.map.reveal(token);
  }

  private words(hovered: { token: number; row?: number } | undefined): string {
    const { view, grid } = this;
    if (!view || !grid) return '';
    if (!hovered)
      return `scroll zooms, drag moves · ${grid.layers.length} layers × ${view.tokens.length} tokens`;
    const { token, row } = hovered;
    const name = `token ${token} ${quotedToken(view.tokens[token].text)}`;
    return row === undefined
      ? `${name} · ${grid.tokensAre} · ${grid.format(grid.tokens[token])}`
      : `layer ${grid.layers[row]} · ${name} · ${grid.format(grid.rows[row][token])}`;
  }
}

function band(view: RoutingView, span: TokenSpan, line: Band['line']): Band[] {
  const range = spanRange(view, span);
  return range ? [{ ...range, line }] : [];
}

function button(text: string, label: string, click: () => void): HTMLElement {
  const made = element('button', { type: 'button', title: label, 'aria-label': label }, text);
  made.addEventListener('click', click);
  return made;
}
