/** @file What can colour tokens and cells: the quantities, the routers they are of, and which a view has. */
import { t } from '@vscode/l10n';

import type { RoutingView } from '../../src/protocol/routing-view';

export const modes = ['base', 'tuned', 'difference'] as const;
export type Mode = (typeof modes)[number];

export const quantities = [
  'top_expert',
  'ce_share',
  'attention',
  'attention_gain',
  'router_entropy',
  'routing_change',
] as const;
export type Quantity = (typeof quantities)[number];

export function quantityName(quantity: Quantity): string {
  switch (quantity) {
    case 'top_expert':
      return t('top-1 expert');
    case 'ce_share':
      return t('context-faithful share');
    case 'attention':
      return t('attention received');
    case 'attention_gain':
      return t('attention gain');
    case 'router_entropy':
      return t('router entropy');
    case 'routing_change':
      return t('routing change');
  }
}

/** What the quantity is, in a sentence. */
export function quantityHint(quantity: Quantity): string {
  switch (quantity) {
    case 'top_expert':
      return t(
        'The expert with the largest router weight. Difference: whether it is another one than in base.',
      );
    case 'ce_share':
      return t('Share of the token’s routing weight that goes to context-faithful experts (★).');
    case 'attention':
      return t('Attention that the token receives from the last prompt token, mean over heads.');
    case 'attention_gain':
      return t('Attention received, tuned − base, in percentage points: what tuning added for this token.');
    case 'router_entropy':
      return t(
        'Entropy of the router’s softmax over all experts, divided by its largest value: 1 is even over all.',
      );
    case 'routing_change':
      return t('Share of the tuned routing weight that goes to experts which the base model did not choose.');
  }
}

/** Whether the quantity compares tuned with base by itself, whichever of them is chosen. */
export function comparesBoth(quantity: Quantity): boolean {
  return quantity === 'attention_gain' || quantity === 'routing_change';
}

/** The modes that this view can show: without a run there is only the base model. */
export function availableModes(view: RoutingView): Mode[] {
  return view.tuned ? [...modes] : ['base'];
}

/** The quantities that this view holds: the share of context-faithful experts and comparisons need a run. */
export function availableQuantities(view: RoutingView): Quantity[] {
  return quantities.filter(quantity => {
    if (comparesBoth(quantity) && !view.tuned) return false;
    if (readsAttention(quantity)) return view.base.attention_from_last.length > 0;
    return quantity !== 'ce_share' || view.base.ce_share.length > 0;
  });
}

/** Whether the mean over layers has a meaning. An expert's index has no mean. */
export function hasMean(quantity: Quantity, mode: Mode): boolean {
  return quantity !== 'top_expert' || mode === 'difference';
}

/** How the values of a group's tokens are put together. Attention is shared out among tokens: its parts add up. */
export function groupedBy(quantity: Quantity, mode: Mode): 'mean' | 'sum' | 'mode' {
  if (!hasMean(quantity, mode)) return 'mode';
  return readsAttention(quantity) ? 'sum' : 'mean';
}

/** Layers that have a row for this quantity: attention has one for every layer, routing only for MoE layers. */
export function layersOf(view: RoutingView, quantity: Quantity): number[] {
  return readsAttention(quantity)
    ? view.base.attention_from_last.map((_, layer) => layer)
    : [...view.moe_layers];
}

function readsAttention(quantity: Quantity): boolean {
  return quantity === 'attention' || quantity === 'attention_gain';
}
