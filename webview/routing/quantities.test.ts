/** @file What can be coloured, and its values: worked by hand on two layers and two tokens. */
import { describe, expect, it } from 'vitest';

import type { RoutingSide, RoutingView } from '../../src/protocol/routing-view';
import { type Grid, gridOf, position } from './grid';
import { Groups, groupsOf } from './groups';
import {
  availableModes,
  availableQuantities,
  groupedBy,
  hasMean,
  layersOf,
  type Mode,
  type Quantity,
} from './quantities';
import { smallView } from './small-view.fixture';
import { groupValues, meanOverRows, quantile, tokenValues } from './token-values';

const withoutRun = (view: RoutingView): RoutingView => {
  const base: RoutingSide = { ...view.base, ce_share: [] };
  return { ...view, run_id: undefined, tuned: undefined, ce: {}, oe: {}, base };
};
const tokens = groupsOf(smallView, 'token');
const grid = (mode: Mode, quantity: Quantity, layer?: number): Grid =>
  gridOf(smallView, tokens, { mode, quantity, layer });

describe('what can be shown', () => {
  it('with a run: everything', () => {
    expect(availableModes(smallView)).toEqual(['base', 'tuned', 'difference']);
    expect(availableQuantities(smallView)).toHaveLength(6);
  });
  it('without a run: the base model, nothing of context-faithful experts, no comparison', () => {
    expect(availableModes(withoutRun(smallView))).toEqual(['base']);
    expect(availableQuantities(withoutRun(smallView))).toEqual(['top_expert', 'attention', 'router_entropy']);
  });
  it('attention has a row for every layer, routing for MoE layers', () => {
    expect(layersOf(smallView, 'attention')).toEqual([0, 1, 2]);
    expect(layersOf(smallView, 'attention_gain')).toEqual([0, 1, 2]);
    expect(layersOf(smallView, 'ce_share')).toEqual([1, 2]);
  });
  it('an index has no mean, a change has', () => {
    expect([
      hasMean('top_expert', 'tuned'),
      hasMean('top_expert', 'difference'),
      hasMean('attention', 'base'),
    ]).toEqual([false, true, true]);
  });
});

describe('the six quantities', () => {
  it('share of context-faithful experts: rows, mean over layers, one layer', () => {
    const share = grid('tuned', 'ce_share');
    expect(share.rows).toEqual([
      [1, 0.25],
      [0.5, 0.75],
    ]);
    expect([share.values, share.valuesAre]).toEqual([[0.75, 0.5], 'mean of 2 layers']);
    expect([share.low, share.high, share.scale]).toEqual([0, 1, 'sequential']);
    expect(grid('tuned', 'ce_share', 2).values).toEqual([0.5, 0.75]);
  });

  it('difference: tuned − base on a scale that is even on both sides of zero', () => {
    const difference = grid('difference', 'ce_share');
    expect(difference.rows).toEqual([
      [0.5, 0.25],
      [-0.25, 0.75],
    ]);
    expect([difference.low, difference.high, difference.scale]).toEqual([-0.75, 0.75, 'diverging']);
    expect(position(difference, 0)).toBe(0.5);
  });

  it('top-1 expert: the first of the top-k; tokens show the last layer', () => {
    const top = grid('tuned', 'top_expert');
    expect(top.rows).toEqual([
      [3, 1],
      [2, 0],
    ]);
    expect([top.values, top.valuesAre]).toEqual([[2, 0], 'layer 2']);
    expect([top.low, top.high, top.scale]).toEqual([0, 3, 'index']);
  });

  it('difference of the top-1 expert: whether it changed, share of layers in which it did', () => {
    const changed = grid('difference', 'top_expert');
    expect(changed.rows).toEqual([
      [1, 0],
      [0, 0],
    ]);
    expect(changed.values).toEqual([0.5, 0]);
    expect([1, 0, 0.5].map(changed.format)).toEqual(['changed', 'unchanged', '50\u00a0%']);
  });

  it('entropy: the scale begins at the tenth below all but the lowest 2 %', () => {
    const entropy = grid('base', 'router_entropy');
    expect([entropy.low, entropy.high, entropy.lowText]).toEqual([0.6, 1, '≤ 0.60']);
  });

  it('attention: says that the scale is clipped', () => {
    const attention = grid('tuned', 'attention', 1);
    expect(attention.values).toEqual([0.4, 0.6]);
    expect(attention.highText.startsWith('≥')).toBe(true);
  });

  it('attention gain: tuned − base, whichever routers are chosen', () => {
    for (const mode of ['base', 'tuned', 'difference'] as const) {
      const gain = grid(mode, 'attention_gain', 2);
      expect(gain.values[0]).toBeCloseTo(0.4, 12);
      expect(gain.values[1]).toBeCloseTo(-0.4, 12);
      expect(gain.scale).toBe('diverging');
    }
  });

  it('routing change: tuned weight of the experts that base did not choose', () => {
    // Layer 1: {0, 1} → {3: 0.5, 0: 0.5}, {1, 2} → {1: 0.75, 0: 0.25}. Layer 2: {2, 3} → {2: 0.5, 1: 0.5}, {0, 1} → {0: 0.75, 3: 0.25}.
    const change = grid('tuned', 'routing_change');
    expect(change.rows).toEqual([
      [0.5, 0.25],
      [0.5, 0.25],
    ]);
    expect(change.values).toEqual([0.5, 0.25]);
  });

  it('routing change is a share also where weights do not add up to 1', () => {
    const { tuned } = smallView;
    const halved = tuned && { ...tuned, topk_weights: tuned.topk_weights.map(row => row.map(w => w / 2)) };
    expect(tokenValues({ ...smallView, tuned: halved }, 'tuned', 'routing_change')).toEqual([
      [0.5, 0.25],
      [0.5, 0.25],
    ]);
  });
});

describe('groups of tokens', () => {
  const pair = new Groups([
    { from: 0, to: 2 },
    { from: 2, to: 3 },
  ]);
  it('have means, sums, or the most frequent value, the smallest among equals', () => {
    expect(groupValues([[1, 3, 5]], pair, 'mean')).toEqual([[2, 5]]);
    expect(groupValues([[1, 3, 5]], pair, 'sum')).toEqual([[4, 5]]);
    const triple = new Groups([{ from: 0, to: 3 }]);
    expect(groupValues([[7, 2, 7]], triple, 'mode')).toEqual([[7]]);
    expect(groupValues([[7, 2, 5]], triple, 'mode')).toEqual([[2]]);
  });
  it('add up attention, average shares, name an expert', () => {
    expect([
      groupedBy('attention', 'tuned'),
      groupedBy('attention_gain', 'base'),
      groupedBy('ce_share', 'difference'),
      groupedBy('top_expert', 'base'),
      groupedBy('top_expert', 'difference'),
      groupedBy('routing_change', 'tuned'),
    ]).toEqual(['sum', 'sum', 'mean', 'mode', 'mean', 'mean']);
  });
  it('a grid has a column for each group and says how its values came about', () => {
    const both = new Groups([{ from: 0, to: 2 }]);
    const share = gridOf(smallView, both, { mode: 'tuned', quantity: 'ce_share', layer: undefined });
    expect([share.rows, share.values]).toEqual([[[0.625], [0.625]], [0.625]]);
    expect([share.groupedAs, grid('tuned', 'ce_share').groupedAs]).toEqual(['mean of the tokens', '']);
  });
});

describe('helpers', () => {
  it('position is clamped, and 0 on an empty scale', () => {
    const scale = { low: 2, high: 4 };
    expect([1, 2, 3, 4, 5].map(value => position(scale, value))).toEqual([0, 0, 0.5, 1, 1]);
    expect(position({ ...scale, high: 2 }, 2)).toBe(0);
  });
  it('mean over rows', () => {
    expect(
      meanOverRows([
        [1, 2, 3],
        [3, 4, 5],
      ]),
    ).toEqual([2, 3, 4]);
    expect(meanOverRows([])).toEqual([]);
  });
  it('quantile by nearest rank, of absolute values', () => {
    const values = [Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 1 : -1) * (i + 1))];
    expect([quantile(values, 0.99), quantile(values, 1), quantile(values, 0.5)]).toEqual([99, 100, 50]);
    expect(quantile([], 0.5)).toBe(0);
  });
});
