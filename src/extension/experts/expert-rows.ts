/** @file What the Experts view shows, as plain data: layers, and their experts by tuned ratio. */
import { t } from '@vscode/l10n';

import type { ContextDependence } from '../../protocol/artifacts';

export interface ExpertRow {
  kind: 'expert';
  layer: number;
  expert: number;
  /** Shares of the routing, 0 to 1. */
  base: number;
  tuned: number;
  /** (token, slot) pairs. */
  countBase: number;
  countTuned: number;
  /** Context-faithful: among the k largest tuned ratios of its layer. */
  contextFaithful: boolean;
  /** Original: among the k largest ratios of the untuned model. */
  original: boolean;
}

export interface LayerRow {
  kind: 'layer';
  layer: number;
  /** Context-faithful experts, largest ratio first. */
  contextFaithful: number[];
  experts: ExpertRow[];
}

/** `ratio`: tuned ratio; `change`: what router tuning added to it. Largest first, ties by the expert's number. */
export type ExpertOrder = 'ratio' | 'change';

export interface ExpertFilter {
  order: ExpertOrder;
  /** No others are shown. */
  contextFaithfulOnly: boolean;
}

/** Layers ascending; experts in the order asked for. */
export function expertRows(
  result: ContextDependence,
  filter: ExpertFilter = { order: 'ratio', contextFaithfulOnly: false },
): LayerRow[] {
  return Object.keys(result.ratio.tuned)
    .map(Number)
    .sort((a, b) => a - b)
    .map(layer => layerRow(result, layer, filter));
}

function layerRow(
  { ratio, count, ce, oe }: ContextDependence,
  layer: number,
  { order, contextFaithfulOnly }: ExpertFilter,
): LayerRow {
  const contextFaithful = ce[layer] ?? [];
  const original = oe[layer] ?? [];
  const experts = (ratio.tuned[layer] ?? []).map((tuned, expert): ExpertRow => ({
    kind: 'expert',
    layer,
    expert,
    base: ratio.base[layer]?.[expert] ?? 0,
    tuned,
    countBase: count.base[layer]?.[expert] ?? 0,
    countTuned: count.tuned[layer]?.[expert] ?? 0,
    contextFaithful: contextFaithful.includes(expert),
    original: original.includes(expert),
  }));
  const value = ({ tuned, base }: ExpertRow): number => (order === 'ratio' ? tuned : tuned - base);
  experts.sort((a, b) => value(b) - value(a) || a.expert - b.expert);
  const shown = experts.filter(row => row.contextFaithful || !contextFaithfulOnly);
  return { kind: 'layer', layer, contextFaithful, experts: shown };
}

/** e.g. `★ 11` */
export function expertLabel(row: ExpertRow): string {
  return row.contextFaithful ? `★ ${row.expert}` : `${row.expert}`;
}

/** e.g. `44.1 %  (+32.3)  CE OE`: tuned ratio, difference to the untuned one in percentage points, badges. */
export function expertDescription(row: ExpertRow): string {
  const badges = [row.contextFaithful ? 'CE' : '', row.original ? 'OE' : ''].filter(Boolean).join(' ');
  return `${percent(row.tuned)} %  (${signed(row.tuned - row.base)})${badges && `  ${badges}`}`;
}

/** Plain text for tooltip and screen readers. */
export function expertTooltip(row: ExpertRow, result: Pick<ContextDependence, 'samples' | 'k'>): string {
  const slots = (count: number): string => count.toLocaleString('en');
  const lines = [
    t('Expert {0} of layer {1}', row.expert, row.layer),
    t('Router-tuned: {0} % of the routing, {1} token slots', percent(row.tuned), slots(row.countTuned)),
    t('Untuned: {0} %, {1} token slots', percent(row.base), slots(row.countBase)),
    t('Over {0} samples', result.samples.toLocaleString('en')),
  ];
  if (row.contextFaithful)
    lines.push(t('★ Context-faithful (CE): among the {0} most used after router tuning', result.k));
  if (row.original) lines.push(t('Original (OE): among the {0} most used before', result.k));
  return lines.join('\n');
}

/** e.g. `CE 11, 0` */
export function layerDescription(row: LayerRow): string {
  return row.contextFaithful.length > 0 ? `CE ${row.contextFaithful.join(', ')}` : '';
}

function percent(ratio: number): string {
  return (100 * ratio).toFixed(1);
}

/** With a true minus sign, and no sign for what rounds to zero. */
function signed(difference: number): string {
  const rounded = percent(Math.abs(difference));
  if (Number(rounded) === 0) return '±0.0';
  return `${difference < 0 ? '−' : '+'}${rounded}`;
}
