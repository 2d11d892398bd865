/** @file What a bench case is, and medians. */
export interface BenchSettings {
  /** Measured runs of each figure, after one that is not counted. */
  readonly repeats: number;
  readonly threads: number;
}

/** Figures by name; the name ends in the unit. */
export type BenchResult = Readonly<Record<string, number | string>>;

export interface BenchCase {
  readonly name: string;
  run: (settings: BenchSettings) => Promise<BenchResult>;
}

/** Median seconds of `repeats` runs after one to warm up. */
export async function medianSeconds(repeats: number, work: () => Promise<unknown>): Promise<number> {
  await work();
  const seconds: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const started = performance.now();
    await work();
    seconds.push((performance.now() - started) / 1000);
  }
  return median(seconds);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
