/** @file Attention by head as strips of pixels: one row a layer, one strip a head. */
import type { AttentionHeadsResult } from '../../src/protocol/attention-heads';
import type { Mode } from './quantities';
import { quantile } from './token-values';

/** [layer][head][token] of the chosen side; of base where there is no tuned one. */
export function headsOf({ base, tuned }: AttentionHeadsResult, mode: Mode): readonly (readonly number[][])[] {
  if (!tuned || mode === 'base') return base;
  if (mode === 'tuned') return tuned;
  return tuned.map((heads, layer) =>
    heads.map((row, head) => row.map((value, token) => value - base[layer][head][token])),
  );
}

/** Not without a run: what is shown is base then. */
export function isHeadDifference({ tuned }: AttentionHeadsResult, mode: Mode): boolean {
  return mode === 'difference' && tuned !== undefined;
}

/** The value of largest magnitude in each of `buckets` equal parts: narrow peaks stay visible. */
export function pooled(values: readonly number[], buckets: number): number[] {
  return Array.from({ length: buckets }, (_, bucket) => {
    const from = Math.floor((bucket * values.length) / buckets);
    const to = Math.max(from + 1, Math.floor(((bucket + 1) * values.length) / buckets));
    let most = 0;
    for (const value of values.slice(from, to)) if (Math.abs(value) > Math.abs(most)) most = value;
    return most;
  });
}

/**
 * Ends of the scale: all but the largest hundredth, without the first token, which heads that do nothing look at.
 * Even around zero for differences.
 */
export function headRange(
  heads: readonly (readonly (readonly number[])[])[],
  isDifference: boolean,
): { low: number; high: number } {
  const rows = heads.flatMap(layer => layer.map(row => row.slice(1)));
  const high = Math.max(quantile(rows, 0.99), 0.001);
  return { low: isDifference ? -high : 0, high };
}
