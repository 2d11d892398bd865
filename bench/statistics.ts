/** @file Medians, and runs that take turns: the speed of a shared machine changes from second to second. */

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/**
 * One round of all works that is not counted, then `rounds` that are.
 * @param works each runs something and says how many seconds it took
 * @returns the seconds of each work by its name, one of each round
 */
export async function takeTurns<N extends string>(
  rounds: number,
  works: Readonly<Record<N, () => Promise<number>>>,
): Promise<Record<N, number[]>> {
  const names = Object.keys(works) as N[];
  const seconds = Object.fromEntries(names.map(name => [name, []])) as unknown as Record<N, number[]>;
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      const took = await works[name]();
      if (round >= 0) seconds[name].push(took);
    }
  }
  return seconds;
}

/** Median of the quotients of each round. */
export function medianRatio(numerators: readonly number[], denominators: readonly number[]): number {
  return median(numerators.map((value, round) => value / denominators[round]));
}
