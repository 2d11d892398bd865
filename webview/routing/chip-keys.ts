/** @file Where a key leads from a chip of the prompt. */

/** @returns the position of the chip that `key` leads to; undefined for keys that lead nowhere */
export function nextChip(chips: readonly HTMLElement[], from: number, key: string): number | undefined {
  const last = chips.length - 1;
  switch (key) {
    case 'ArrowLeft':
      return Math.max(0, from - 1);
    case 'ArrowRight':
      return Math.min(last, from + 1);
    case 'ArrowUp':
      return onNeighbouringLine(chips, from, -1);
    case 'ArrowDown':
      return onNeighbouringLine(chips, from, 1);
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return undefined;
  }
}

/** The chip on the line above or below whose left edge is closest. */
function onNeighbouringLine(chips: readonly HTMLElement[], from: number, step: -1 | 1): number {
  const { left, top } = chips[from].getClientRects()[0];
  let best = from;
  let line: number | undefined;
  let distance = Infinity;
  for (let i = from + step; i >= 0 && i < chips.length; i += step) {
    const rectangle = chips[i].getClientRects()[0];
    if (Math.abs(rectangle.top - top) < 2) continue;
    line ??= rectangle.top;
    if (Math.abs(rectangle.top - line) >= 2) break;
    if (Math.abs(rectangle.left - left) >= distance) continue;
    [best, distance] = [i, Math.abs(rectangle.left - left)];
  }
  return best;
}
