/** @file From data to places: linear scales and round tick values. */
export type Range = readonly [from: number, to: number];

export interface Scale {
  (value: number): number;
  readonly ticks: readonly number[];
  /** As many decimals as the ticks need. */
  readonly format: (value: number) => string;
}

/** A linear scale whose ends lie at those of `range`. */
export function linearScale([low, high]: Range, range: Range, tickCount = 6): Scale {
  const end = high > low ? high : low + 1;
  const step = tickStep([low, end], tickCount);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(end / step + 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
  const place = (value: number): number => range[0] + ((value - low) / (end - low)) * (range[1] - range[0]);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  // −0 would be written with its sign.
  return Object.assign(place, { ticks, format: (value: number) => (value + 0).toFixed(decimals) });
}

/** 1, 2 or 5 times a power of ten, so that about `count` steps fill the domain. */
function tickStep([from, to]: Range, count: number): number {
  const rough = (to - from) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5].find(factor => factor * power >= rough * 0.999) ?? 10) * power;
}

/** Smallest and largest of the values that there are; `[0, 1]` if there are none. */
export function extent(values: readonly (number | null | undefined)[]): Range {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value === null || value === undefined) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low > high ? [0, 1] : [low, high];
}

/** A range that holds zero as well, with some room beyond all that is not zero. */
export function aroundZero([from, to]: Range): Range {
  const room = 0.05 * (Math.max(0, to) - Math.min(0, from));
  return [from < 0 ? from - room : 0, to > 0 ? to + room : 0];
}
