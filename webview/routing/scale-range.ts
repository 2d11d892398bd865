/** @file From values to colours: which scale, its ends, and what they mean in words and units. */
import { t } from '@vscode/l10n';

import type { RoutingView } from '../../src/protocol/routing-view';
import { percent, percentagePoints, signedNumber } from '../shared/format';
import { type Mode, type Quantity, quantityName } from './quantities';
import { quantile, type Rows } from './token-values';

export interface ScaleRange {
  /** Which of the data colours it takes. */
  scale: 'sequential' | 'diverging' | 'index';
  /** Values at the ends of the scale. */
  low: number;
  high: number;
  /** The scale's ends in words; they say so where values beyond them take the colour of the end. */
  lowText: string;
  highText: string;
  caption: string;
  format: (value: number) => string;
}

export function scaleRange(view: RoutingView, mode: Mode, quantity: Quantity, rows: Rows): ScaleRange {
  switch (quantity) {
    case 'routing_change':
      return sequential(0, 1, percent, t('of routing weight to experts that base did not choose'));
    case 'attention_gain':
      return clipped(differenceRange(t('attention gain, tuned − base'), rows, 0.99, percentagePoints, 0.001));
    case 'top_expert':
      return mode === 'difference' ? changedRange() : expertRange(view);
    case 'ce_share':
      if (mode === 'difference')
        return differenceRange(minusBase(quantity), rows, 1, percentagePoints, 0.001);
      return sequential(0, 1, percent, t('of routing weight to ★'));
    case 'router_entropy':
      if (mode === 'difference')
        return differenceRange(minusBase(quantity), rows, 1, value => signedNumber(value, 2), 0.01);
      return entropyRange(view, rows);
    case 'attention':
      if (mode === 'difference')
        return clipped(differenceRange(minusBase(quantity), rows, 0.99, percentagePoints, 0.001));
      return clipped(
        sequential(0, quantile(rows, 0.99), percent, t('of attention from the last prompt token')),
      );
  }
}

export function sequential(
  low: number,
  high: number,
  format: (value: number) => string,
  caption: string,
): ScaleRange {
  return { scale: 'sequential', low, high, lowText: format(low), highText: format(high), caption, format };
}

/** Says that larger values share the colour of the end: attention has outliers, the first token above all. */
export function clipped(range: ScaleRange): ScaleRange {
  const lowText = range.low < 0 ? `≤ ${range.lowText}` : range.lowText;
  return { ...range, lowText, highText: `≥ ${range.highText}` };
}

function minusBase(quantity: Quantity): string {
  return t('{0}, tuned − base', quantityName(quantity));
}

/** Even on both sides of zero, out to the value below which a share `q` lies, at least `least`. */
function differenceRange(
  caption: string,
  rows: Rows,
  q: number,
  format: (value: number) => string,
  least: number,
): ScaleRange {
  const high = Math.max(quantile(rows, q), least);
  return {
    scale: 'diverging',
    low: -high,
    high,
    lowText: format(-high),
    highText: format(high),
    caption,
    format,
  };
}

function expertRange(view: RoutingView): ScaleRange {
  const range = sequential(0, view.num_experts - 1, value => String(value), t('index of the top-1 expert'));
  return { ...range, scale: 'index' };
}

function changedRange(): ScaleRange {
  const format = (value: number): string =>
    value === 1 ? t('changed') : value === 0 ? t('unchanged') : percent(value);
  return { ...sequential(0, 1, percent, t('of layers changed their top-1 expert')), format };
}

/** Entropies crowd below 1: the scale begins at the tenth below all but the lowest 2 %. */
function entropyRange(view: RoutingView, rows: Rows): ScaleRange {
  const low = Math.min(0.9, Math.floor(quantile(rows, 0.02) * 10) / 10);
  const caption = t('router entropy (1: even over {0} experts)', view.num_experts);
  const range = sequential(low, 1, value => value.toFixed(2), caption);
  return low > 0 ? { ...range, lowText: `≤ ${range.lowText}` } : range;
}
