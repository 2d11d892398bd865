/** @file Derivations of a routing view: worked by hand on two layers and two tokens. */
import { describe, expect, it } from 'vitest';

import type { RoutingSide, RoutingView } from '../../src/protocol/routing-view';
import {
  availableModes,
  availableQuantities,
  type Grid,
  gridOf,
  hasMean,
  layersOf,
  meanOverRows,
  position,
  quantile,
} from './quantities';
import { smallView } from './small-view.fixture';

const withoutRun = (view: RoutingView): RoutingView => {
  const base: RoutingSide = { ...view.base, ce_share: [] };
  return { ...view, run_id: undefined, tuned: undefined, ce: {}, oe: {}, base };
};

describe('what can be shown', () => {
  it('with a run: everything', () => {
    expect(availableModes(smallView)).toEqual(['base', 'tuned', 'difference']);
    expect(availableQuantities(smallView)).toEqual(['ce_share', 'router_entropy', 'attention', 'top_expert']);
  });
  it('without a run: the base model, and no share of context-faithful experts', () => {
    expect(availableModes(withoutRun(smallView))).toEqual(['base']);
    expect(availableQuantities(withoutRun(smallView))).toEqual(['router_entropy', 'attention', 'top_expert']);
  });
  it('attention has a row for every layer, routing for MoE layers', () => {
    expect(layersOf(smallView, 'attention')).toEqual([0, 1, 2]);
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

describe('gridOf', () => {
  it('share of context-faithful experts: rows, mean over layers, one layer', () => {
    const grid = gridOf(smallView, 'tuned', 'ce_share', undefined);
    expect(grid.rows).toEqual([
      [1, 0.25],
      [0.5, 0.75],
    ]);
    expect(grid.tokens).toEqual([0.75, 0.5]);
    expect(grid.tokensAre).toBe('mean of 2 layers');
    expect([grid.low, grid.high, grid.scale]).toEqual([0, 1, 'sequential']);
    expect(gridOf(smallView, 'tuned', 'ce_share', 2).tokens).toEqual([0.5, 0.75]);
  });

  it('difference: tuned − base on a scale that is even on both sides of zero', () => {
    const grid = gridOf(smallView, 'difference', 'ce_share', undefined);
    expect(grid.rows).toEqual([
      [0.5, 0.25],
      [-0.25, 0.75],
    ]);
    expect([grid.low, grid.high, grid.scale]).toEqual([-0.75, 0.75, 'diverging']);
    expect(position(grid, 0)).toBe(0.5);
  });

  it('top-1 expert: the first of the top-k; tokens show the last layer', () => {
    const grid = gridOf(smallView, 'tuned', 'top_expert', undefined);
    expect(grid.rows).toEqual([
      [3, 1],
      [2, 0],
    ]);
    expect(grid.tokens).toEqual([2, 0]);
    expect(grid.tokensAre).toBe('layer 2');
    expect([grid.low, grid.high, grid.scale]).toEqual([0, 3, 'index']);
  });

  it('difference of the top-1 expert: whether it changed, share of layers in which it did', () => {
    const grid = gridOf(smallView, 'difference', 'top_expert', undefined);
    expect(grid.rows).toEqual([
      [1, 0],
      [0, 0],
    ]);
    expect(grid.tokens).toEqual([0.5, 0]);
    expect([grid.format(1), grid.format(0), grid.format(0.5)]).toEqual(['changed', 'unchanged', '50\u00a0%']);
  });

  it('entropy: the scale begins at the tenth below all but the lowest 2 %', () => {
    const grid = gridOf(smallView, 'base', 'router_entropy', undefined);
    expect([grid.low, grid.high, grid.lowText]).toEqual([0.6, 1, '≤ 0.60']);
  });

  it('attention: says that the scale is clipped', () => {
    const grid = gridOf(smallView, 'tuned', 'attention', 1);
    expect(grid.tokens).toEqual([0.4, 0.6]);
    expect(grid.highText.startsWith('≥')).toBe(true);
  });
});

describe('helpers', () => {
  it('position is clamped, and 0 on an empty scale', () => {
    const grid: Grid = { ...gridOf(smallView, 'tuned', 'ce_share', undefined), low: 2, high: 4 };
    expect([1, 2, 3, 4, 5].map(value => position(grid, value))).toEqual([0, 0, 0.5, 1, 1]);
    expect(position({ ...grid, high: 2 }, 2)).toBe(0);
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
