/** @file The context-dependence ratio as matrices. */
import type { ContextDependence, ExpertList } from '../../src/protocol/artifacts';

/** Ratios as matrices: [row][expert], a row for each MoE layer. */
export interface Ratios {
  layers: number[];
  base: number[][];
  tuned: number[][];
  difference: number[][];
  /** Largest ratio of both models: the end of their common scale. */
  highest: number;
  /** Largest change, up or down. */
  largestChange: number;
}

/** What heat maps show: the ratios of two models, or of one at two times. */
export interface ShownRatios {
  ratios: Ratios;
  names: { base: string; tuned: string };
  /** What a ratio is, in a few words. */
  meaning: string;
  /** Experts with a ★, and what that says of them. */
  marked: { experts: ExpertList; as: string };
  count?: ContextDependence['count'];
}

export function ratiosOf({ ratio }: Pick<ContextDependence, 'ratio'>): Ratios {
  const layers = Object.keys(ratio.tuned)
    .map(Number)
    .sort((a, b) => a - b);
  const base = layers.map(layer => ratio.base[String(layer)] ?? []);
  const tuned = layers.map(layer => ratio.tuned[String(layer)]);
  const difference = tuned.map((row, r) => row.map((value, expert) => value - (base[r][expert] ?? 0)));
  return {
    layers,
    base,
    tuned,
    difference,
    highest: largest([...base, ...tuned]),
    largestChange: largest(difference),
  };
}

export function isFaithful({ ce }: Pick<ContextDependence, 'ce'>, layer: number, expert: number): boolean {
  return ce[String(layer)]?.includes(expert) ?? false;
}

function largest(rows: readonly (readonly number[])[]): number {
  return rows.reduce((high, row) => row.reduce((a, b) => Math.max(a, Math.abs(b)), high), 0);
}
