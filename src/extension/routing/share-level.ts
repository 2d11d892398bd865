/** @file Which of a few shades a share gets. */

/**
 * Equal steps from 0 to 1; a share that rounds to nothing gets no colour.
 * @returns 0 (faintest) to `levels` − 1
 */
export function shareLevel(share: number, levels: number): number | undefined {
  if (share < 0.01) return undefined;
  return Math.min(levels - 1, Math.floor(share * levels));
}
