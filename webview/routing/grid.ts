/** @file A quantity ready to be drawn: values for rows and columns with their scale and words. */
import { t } from '@vscode/l10n';

import type { RoutingView } from '../../src/protocol/routing-view';
import type { Groups } from './groups';
import { groupedBy, hasMean, layersOf, type Mode, type Quantity } from './quantities';
import { type ScaleRange, scaleRange } from './scale-range';
import { groupValues, meanOverRows, type Rows, tokenValues } from './token-values';

export interface Grid extends ScaleRange {
  /** Layer of each row. */
  layers: readonly number[];
  /** [row][group] */
  rows: Rows;
  /** One value for each group: of the chosen layer, or the mean over the rows. */
  values: readonly number[];
  /** What `values` is: `mean of 8 layers` or `layer 3`. */
  valuesAre: string;
  /** How a group's value comes from its tokens; empty where each token stands alone. */
  groupedAs: string;
}

export interface GridChoice {
  mode: Mode;
  quantity: Quantity;
  /** The layer that colours the prompt; undefined for the mean over all (the last one where that has no meaning). */
  layer: number | undefined;
}

export function gridOf(view: RoutingView, groups: Groups, { mode, quantity, layer }: GridChoice): Grid {
  const layers = layersOf(view, quantity);
  const how = groupedBy(quantity, mode);
  const rows = groupValues(tokenValues(view, mode, quantity), groups, how);
  const at = layer === undefined ? -1 : layers.indexOf(layer);
  const mean = at < 0 && hasMean(quantity, mode);
  const row = at < 0 ? layers.length - 1 : at;
  return {
    layers,
    rows,
    values: mean ? meanOverRows(rows) : (rows[row] ?? []),
    valuesAre: mean ? t('mean of {0} layers', layers.length) : t('layer {0}', layers[row]),
    groupedAs: groups.count === view.tokens.length ? '' : groupingWords(how),
    ...scaleRange(view, mode, quantity, rows),
  };
}

/** Where a value stands on the grid's scale, 0 to 1. */
export function position({ low, high }: Pick<ScaleRange, 'low' | 'high'>, value: number): number {
  const range = high - low;
  return range === 0 ? 0 : Math.min(1, Math.max(0, (value - low) / range));
}

function groupingWords(how: ReturnType<typeof groupedBy>): string {
  switch (how) {
    case 'mean':
      return t('mean of the tokens');
    case 'sum':
      return t('sum over the tokens');
    case 'mode':
      return t('most frequent among the tokens');
  }
}
