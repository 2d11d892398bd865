/** @file What colours tokens and cells: a quantity for every layer and token of a routing view, with its scale. */
import type { RoutingSide, RoutingView } from '../../src/protocol/routing-view';
import { percent, percentagePoints, signedNumber } from '../shared/format';

export const modes = ['base', 'tuned', 'difference'] as const;
export type Mode = (typeof modes)[number];

export const quantities = ['ce_share', 'router_entropy', 'attention', 'top_expert'] as const;
export type Quantity = (typeof quantities)[number];

export const quantityNames: Record<Quantity, string> = {
  ce_share: 'context-faithful share',
  router_entropy: 'router entropy',
  attention: 'attention received',
  top_expert: 'top-1 expert',
};

/** A quantity, ready to be drawn. */
export interface Grid {
  /** Which of the data colours it takes. */
  scale: 'sequential' | 'diverging' | 'index';
  /** Layer of each row. */
  layers: readonly number[];
  /** [row][token]. */
  rows: readonly (readonly number[])[];
  /** One value for each token: of the chosen layer, or the mean over the rows. */
  tokens: readonly number[];
  /** What `tokens` is: `mean of 8 layers` or `layer 3`. */
  tokensAre: string;
  /** Values at the ends of the scale. */
  low: number;
  high: number;
  /** The scale's ends in words; they say so where values beyond them take the colour of the end. */
  lowText: string;
  highText: string;
  caption: string;
  format: (value: number) => string;
}

/** The modes that this view can show: without a run there is only the base model. */
export function availableModes(view: RoutingView): Mode[] {
  return view.tuned ? [...modes] : ['base'];
}

/** The quantities that this view holds: the share of context-faithful experts needs a run that identified them. */
export function availableQuantities(view: RoutingView): Quantity[] {
  return quantities.filter(quantity => quantity === 'top_expert' || view.base[field(quantity)].length > 0);
}

/** Whether the mean over layers has a meaning. An expert's index has no mean. */
export function hasMean(quantity: Quantity, mode: Mode): boolean {
  return quantity !== 'top_expert' || mode === 'difference';
}

/** Layers that have a row for this quantity: attention has one for every layer, routing only for MoE layers. */
export function layersOf(view: RoutingView, quantity: Quantity): number[] {
  return quantity === 'attention'
    ? view.base.attention_from_last.map((_, layer) => layer)
    : [...view.moe_layers];
}

/**
 * The values of `quantity` in `mode`.
 * @param layer the layer that colours the tokens; undefined for the mean over all (the last one where that has no meaning)
 */
export function gridOf(view: RoutingView, mode: Mode, quantity: Quantity, layer: number | undefined): Grid {
  const layers = layersOf(view, quantity);
  const rows = rowsOf(view, mode, quantity);
  const at = layer === undefined ? -1 : layers.indexOf(layer);
  const mean = at < 0 && hasMean(quantity, mode);
  const row = at < 0 ? layers.length - 1 : at;
  return {
    layers,
    rows,
    tokens: mean ? meanOverRows(rows) : (rows[row] ?? []),
    tokensAre: mean ? `mean of ${layers.length} layers` : `layer ${layers[row]}`,
    ...rangeOf(view, mode, quantity, rows),
  };
}

/** Where a value stands on the grid's scale, 0 to 1. */
export function position(grid: Grid, value: number): number {
  const range = grid.high - grid.low;
  return range === 0 ? 0 : Math.min(1, Math.max(0, (value - grid.low) / range));
}

/** Column means: the mean over layers for each token. */
export function meanOverRows(rows: readonly (readonly number[])[]): number[] {
  return (rows[0] ?? []).map((_, column) => rows.reduce((sum, row) => sum + row[column], 0) / rows.length);
}

/** The value below which a share `q` of all absolute values lies (nearest rank). */
export function quantile(rows: readonly (readonly number[])[], q: number): number {
  const sorted = rows.flatMap(row => row.map(Math.abs)).sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0;
}

function field(
  quantity: Exclude<Quantity, 'top_expert'>,
): 'ce_share' | 'router_entropy' | 'attention_from_last' {
  return quantity === 'attention' ? 'attention_from_last' : quantity;
}

function sideRows(view: RoutingView, side: RoutingSide, quantity: Quantity): number[][] {
  if (quantity !== 'top_expert') return side[field(quantity)];
  return side.topk_indices.map(row => view.tokens.map((_, token) => row[token * view.top_k]));
}

function rowsOf(view: RoutingView, mode: Mode, quantity: Quantity): number[][] {
  const tuned = view.tuned ?? view.base;
  if (mode !== 'difference') return sideRows(view, mode === 'base' ? view.base : tuned, quantity);
  const [before, after] = [sideRows(view, view.base, quantity), sideRows(view, tuned, quantity)];
  const difference =
    quantity === 'top_expert' ? (a: number, b: number) => Number(a !== b) : (a: number, b: number) => b - a;
  return before.map((row, r) => row.map((value, token) => difference(value, after[r][token])));
}

type Range = Pick<Grid, 'scale' | 'low' | 'high' | 'lowText' | 'highText' | 'caption' | 'format'>;

function rangeOf(view: RoutingView, mode: Mode, quantity: Quantity, rows: number[][]): Range {
  if (mode === 'difference') return differenceRange(quantity, rows);
  switch (quantity) {
    case 'ce_share':
      return sequential(0, 1, percent, 'of routing weight to ★');
    case 'router_entropy':
      return entropyRange(view, rows);
    case 'attention':
      return clipped({
        ...sequential(0, quantile(rows, 0.99), percent, 'of attention from the last prompt token'),
      });
    case 'top_expert':
      return {
        ...sequential(0, view.num_experts - 1, value => String(value), 'index of the top-1 expert'),
        scale: 'index',
      };
  }
}

function differenceRange(quantity: Quantity, rows: number[][]): Range {
  if (quantity === 'top_expert') {
    const format = (value: number): string =>
      value === 1 ? 'changed' : value === 0 ? 'unchanged' : percent(value);
    return { ...sequential(0, 1, percent, 'of layers changed their top-1 expert'), format };
  }
  const isEntropy = quantity === 'router_entropy';
  const format = isEntropy ? (value: number) => signedNumber(value, 2) : percentagePoints;
  const high = Math.max(quantile(rows, quantity === 'attention' ? 0.99 : 1), isEntropy ? 0.01 : 0.001);
  const range: Range = {
    scale: 'diverging',
    low: -high,
    high,
    lowText: format(-high),
    highText: format(high),
    caption: `${quantityNames[quantity]}, tuned − base`,
    format,
  };
  return quantity === 'attention' ? clipped(range) : range;
}

/** Entropies crowd below 1: the scale begins at the tenth below all but the lowest 2 %. */
function entropyRange(view: RoutingView, rows: number[][]): Range {
  const low = Math.min(0.9, Math.floor(quantile(rows, 0.02) * 10) / 10);
  const caption = `router entropy (1: even over ${view.num_experts} experts)`;
  const range = sequential(low, 1, value => value.toFixed(2), caption);
  return low > 0 ? { ...range, lowText: `≤ ${range.lowText}` } : range;
}

function sequential(low: number, high: number, format: (value: number) => string, caption: string): Range {
  return { scale: 'sequential', low, high, lowText: format(low), highText: format(high), caption, format };
}

/** Says that larger values share the colour of the end: attention has outliers, the first token above all. */
function clipped(range: Range): Range {
  const lowText = range.low < 0 ? `≤ ${range.lowText}` : range.lowText;
  return { ...range, lowText, highText: `≥ ${range.highText}` };
}
