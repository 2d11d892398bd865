/** @file Statistics over samples with percentile bootstrap intervals (Efron & Tibshirani, 1993), seeded. */
import { Random } from '../../common/random';
import type { Estimate } from '../../protocol/evaluation';

const resamples = 2000;
const confidence = 0.95;

/** Values of some statistics for the samples chosen; NaN where one is not defined. */
export type Statistics = (chosen: ArrayLike<number>) => readonly number[];

/** One row a sample, one column a quantity; NaN where it is not defined for the sample. */
export type Observations = readonly (readonly number[])[];

/**
 * Each statistic on all samples, and between which values it lies on samples drawn with replacement.
 * @param defined for how many samples each statistic is defined
 */
export function estimates(
  count: number,
  statistics: Statistics,
  defined: readonly number[],
  seed: number,
): Estimate[] {
  const values = statistics(Array.from({ length: count }, (_, i) => i));
  const random = new Random(seed);
  const chosen = new Uint32Array(count);
  const drawn = values.map(() => new Float64Array(resamples));
  for (let r = 0; r < resamples; r++) {
    for (let i = 0; i < count; i++) chosen[i] = random.integer(count);
    statistics(chosen).forEach((value, column) => (drawn[column][r] = value));
  }
  return values.map((value, column) => {
    const [low, high] = interval(drawn[column]);
    return { value: orNull(value), low: orNull(low), high: orNull(high), samples: defined[column] };
  });
}

/** Mean of each column over the samples for which it is defined. */
export function meanEstimates(rows: Observations, seed: number): Estimate[] {
  return estimates(rows.length, chosen => columnMeans(rows, chosen), definedRows(rows), seed);
}

/** Mean of one number a sample. */
export function meanEstimate(values: readonly number[], seed: number): Estimate {
  const [estimate] = meanEstimates(
    values.map(value => [value]),
    seed,
  );
  return estimate;
}

/** (mean(tuned) − mean(base)) / mean(base) of each column; the same samples on both sides. */
export function gainEstimates(base: Observations, tuned: Observations, seed: number): Estimate[] {
  const gains: Statistics = chosen => {
    const before = columnMeans(base, chosen);
    return columnMeans(tuned, chosen).map((after, column) => relativeGain(before[column], after));
  };
  return estimates(base.length, gains, definedRows(base), seed);
}

/** (after − before) / before; NaN if that is not defined. */
export function relativeGain(before: number, after: number): number {
  return before === 0 ? NaN : (after - before) / before;
}

function columnMeans(rows: Observations, chosen: ArrayLike<number>): number[] {
  const columns = rows[0]?.length ?? 0;
  const sums = new Array<number>(columns).fill(0);
  const counts = new Array<number>(columns).fill(0);
  for (let i = 0; i < chosen.length; i++) {
    const row = rows[chosen[i]];
    for (let column = 0; column < columns; column++) {
      if (Number.isNaN(row[column])) continue;
      sums[column] += row[column];
      counts[column]++;
    }
  }
  return sums.map((sum, column) => sum / counts[column]);
}

function definedRows(rows: Observations): number[] {
  return (rows[0] ?? []).map((_, column) => rows.filter(row => !Number.isNaN(row[column])).length);
}

/** The middle part of the drawn values; those that are not defined are left out. */
function interval(drawn: Float64Array): [low: number, high: number] {
  const sorted = drawn.filter(value => !Number.isNaN(value)).sort();
  return [quantile(sorted, (1 - confidence) / 2), quantile(sorted, (1 + confidence) / 2)];
}

/** Between the two nearest of the sorted values, linearly (Hyndman & Fan's type 7); NaN if there are none. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  if (sorted.length === 0) return NaN;
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
