/** @file The context-dependence ratio as matrices. */
import type { ContextDependence } from '../../src/protocol/artifacts';

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

export function ratiosOf({ ratio }: ContextDependence): Ratios {
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

export function isFaithful({ ce }: ContextDependence, layer: number, expert: number): boolean {
  return ce[String(layer)]?.includes(expert) ?? false;
}

function largest(rows: readonly (readonly number[])[]): number {
  return rows.reduce((high, row) => row.reduce((a, b) => Math.max(a, Math.abs(b)), high), 0);
}
