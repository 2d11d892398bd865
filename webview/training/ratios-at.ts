/** @file Ratios of one evaluation against those of the first, coloured by the same scales at every evaluation. */
import type { RatioLine } from '../../src/protocol/artifacts';
import { type Ratios, ratiosOf } from '../shared/ratios';

/** @param lines one at least, the first of them is what the others are compared with */
export function ratiosAt(lines: readonly RatioLine[], index: number): Ratios {
  const all = lines.map(({ ratio }) => ratiosOf({ ratio: { base: lines[0].ratio, tuned: ratio } }));
  return {
    ...all[index],
    highest: Math.max(...all.map(({ highest }) => highest)),
    largestChange: Math.max(...all.map(({ largestChange }) => largestChange)),
  };
}
