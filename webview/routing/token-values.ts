/** @file The values of a quantity for every layer and token, and those of groups of tokens. */
import type { RoutingSide, RoutingView } from '../../src/protocol/routing-view';
import type { Groups } from './groups';
import type { Mode, Quantity } from './quantities';

/** [row][column] */
export type Rows = readonly (readonly number[])[];

/** @returns [row of `layersOf`][token]; of the base model where the view has no tuned one */
export function tokenValues(view: RoutingView, mode: Mode, quantity: Quantity): Rows {
  const { base, tuned = base } = view;
  switch (quantity) {
    case 'attention_gain':
      return pairwise(base.attention_from_last, tuned.attention_from_last, (a, b) => b - a);
    case 'routing_change':
      return view.moe_layers.map((_, row) => routingChange(view, base, tuned, row));
    case 'top_expert':
      return mode === 'difference'
        ? pairwise(topExperts(view, base), topExperts(view, tuned), (a, b) => Number(a !== b))
        : topExperts(view, mode === 'base' ? base : tuned);
    case 'ce_share':
    case 'router_entropy':
    case 'attention': {
      const field = quantity === 'attention' ? 'attention_from_last' : quantity;
      return mode === 'difference'
        ? pairwise(base[field], tuned[field], (a, b) => b - a)
        : (mode === 'base' ? base : tuned)[field];
    }
  }
}

/** @returns [row][group] */
export function groupValues(rows: Rows, groups: Groups, how: 'mean' | 'sum' | 'mode'): Rows {
  if (groups.list.every(({ from, to }) => to - from === 1)) return rows;
  const put = { mean, sum, mode: mostFrequent }[how];
  return rows.map(row => groups.list.map(({ from, to }) => put(row, from, to)));
}

/** Column means: the mean over layers for each token or group. */
export function meanOverRows(rows: Rows): number[] {
  return (rows[0] ?? []).map((_, column) => rows.reduce((sum, row) => sum + row[column], 0) / rows.length);
}

/** The value below which a share `q` of all absolute values lies (nearest rank). */
export function quantile(rows: Rows, q: number): number {
  const sorted = Float64Array.from(rows.flatMap(row => row.map(Math.abs))).sort();
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0;
}

function topExperts(view: RoutingView, side: RoutingSide): Rows {
  return side.topk_indices.map(row => view.tokens.map((_, token) => row[token * view.top_k]));
}

/** Of each token: share of the tuned weights that goes to experts outside the base model's top-k. */
function routingChange(view: RoutingView, base: RoutingSide, tuned: RoutingSide, row: number): number[] {
  const k = view.top_k;
  const [before, after, weights] = [base.topk_indices[row], tuned.topk_indices[row], tuned.topk_weights[row]];
  return view.tokens.map((_, token) => {
    const from = token * k;
    let [moved, all] = [0, 0];
    for (let slot = from; slot < from + k; slot++) {
      all += weights[slot];
      if (!includes(before, after[slot], from, from + k)) moved += weights[slot];
    }
    return all > 0 ? moved / all : 0;
  });
}

function includes(row: readonly number[], value: number, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (row[i] === value) return true;
  return false;
}

function pairwise(before: Rows, after: Rows, compare: (a: number, b: number) => number): Rows {
  return before.map((row, r) => row.map((value, column) => compare(value, after[r][column])));
}

function sum(row: readonly number[], from: number, to: number): number {
  let total = 0;
  for (let i = from; i < to; i++) total += row[i];
  return total;
}

function mean(row: readonly number[], from: number, to: number): number {
  return sum(row, from, to) / (to - from);
}

/** Among equally frequent ones the smallest. */
function mostFrequent(row: readonly number[], from: number, to: number): number {
  const counts = new Map<number, number>();
  for (let i = from; i < to; i++) counts.set(row[i], (counts.get(row[i]) ?? 0) + 1);
  return [...counts].reduce((best, next) =>
    next[1] > best[1] || (next[1] === best[1] && next[0] < best[0]) ? next : best,
  )[0];
}
