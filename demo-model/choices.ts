/** @file Random choices from lists. */
import type { Random } from '../src/common/random';

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.integer(items.length)];
}

/** An integer from `least` to `most`, both included. */
export function between(random: Random, least: number, most: number): number {
  return least + random.integer(most - least + 1);
}

/** A key, as often as its weight says. Weights need not sum to 1. */
export function pickWeighted<K extends string>(
  random: Random,
  weights: Readonly<Partial<Record<K, number>>>,
): K {
  const keys = Object.keys(weights) as K[];
  const total = keys.reduce((sum, key) => sum + (weights[key] ?? 0), 0);
  let rest = random.uniform() * total;
  return keys.find(key => (rest -= weights[key] ?? 0) < 0) ?? keys[keys.length - 1];
}
