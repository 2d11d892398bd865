/** @file Learning byte-pair merges (Sennrich, Haddow and Birch 2016) until every word is one token. */

export type Merge = readonly [left: string, right: string];

/**
 * Merges the most frequent pair of neighbours, over and over; of equally frequent ones the first in the words' order.
 * Encoding applies the same merges in the same order, so each word ends as one token.
 * @param words without repetition, each counted once, in characters of the byte alphabet
 */
export function learnMerges(words: readonly string[]): Merge[] {
  const merges: Merge[] = [];
  let open = words.map(word => [...word]);
  for (;;) {
    open = open.filter(symbols => symbols.length > 1);
    const merge = mostFrequentPair(open);
    if (!merge) return merges;
    merges.push(merge);
    open = open.map(symbols => applyMerge(symbols, merge));
  }
}

function mostFrequentPair(words: readonly (readonly string[])[]): Merge | undefined {
  const counts = new Map<string, { merge: Merge; count: number }>();
  for (const symbols of words) {
    for (let i = 1; i < symbols.length; i++) {
      const merge = [symbols[i - 1], symbols[i]] as const;
      const key = merge.join(' ');
      const entry = counts.get(key);
      if (entry) entry.count++;
      else counts.set(key, { merge, count: 1 });
    }
  }
  let best: { merge: Merge; count: number } | undefined;
  for (const entry of counts.values()) if (!best || entry.count > best.count) best = entry;
  return best?.merge;
}

/** Leftmost first. */
function applyMerge(symbols: readonly string[], [left, right]: Merge): string[] {
  const result: string[] = [];
  for (let i = 0; i < symbols.length; i++) {
    const merges = symbols[i] === left && symbols[i + 1] === right;
    result.push(merges ? left + right : symbols[i]);
    if (merges) i++;
  }
  return result;
}
