/** @file Which of a few shades a share gets, and which shares stand out. */

/** The tokens with the largest shares, this part of them, are marked. */
const markedPart = 0.1;

/**
 * Equal steps from 0 to 1; a share that rounds to nothing gets no colour.
 * @returns 0 (faintest) to `levels` − 1
 */
export function shareLevel(share: number, levels: number): number | undefined {
  if (share < 0.01) return undefined;
  return Math.min(levels - 1, Math.floor(share * levels));
}

/** @returns the smallest share that is marked among these; above all where none is to be */
export function leastMarked(shares: readonly number[]): number {
  const descending = shares.filter(share => share > 0).sort((a, b) => b - a);
  return descending.at(Math.ceil(markedPart * descending.length) - 1) ?? Infinity;
}
