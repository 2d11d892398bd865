/** @file Statistics over seeds. */

export interface Spread {
  readonly mean: number;
  /** Sample standard deviation (n − 1); NaN of a single value. */
  readonly deviation: number;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function spread(values: readonly number[]): Spread {
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return { mean: middle, deviation: Math.sqrt(squares / (values.length - 1)) };
}

/** The spread of each column of [seed][column]. */
export function spreadByColumn(rows: readonly (readonly number[])[]): Spread[] {
  return (rows[0] ?? []).map((_, column) => spread(rows.map(row => row[column])));
}

/** a − b, seed by seed. */
export function differences(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, i) => value - b[i]);
}

/** Share of the entries of `a` that are in `b`. */
export function overlap(a: readonly number[], b: readonly number[]): number {
  return a.filter(entry => b.includes(entry)).length / a.length;
}

/** Mean overlap of all pairs of lists of the same length; NaN if there are no pairs. */
export function meanOverlap(lists: readonly (readonly number[])[]): number {
  return mean(lists.flatMap((list, i) => lists.slice(i + 1).map(other => overlap(list, other))));
}

/** Means of the earlier and the later half of the layers; of an odd number the middle one is in neither. */
export function halves(byLayer: readonly number[]): { earlier: number; later: number } {
  const half = Math.floor(byLayer.length / 2);
  return { earlier: mean(byLayer.slice(0, half)), later: mean(byLayer.slice(byLayer.length - half)) };
}
