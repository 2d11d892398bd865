/** @file Ranges of characters and of tokens. */

/** [start, end) */
export type Span = [start: number, end: number];

/**
 * The tokens that share at least one character with `characters`, as a token span; undefined if there are none.
 * @param offsets characters of each token; tokens that cover none are passed over
 */
export function tokensOverlapping(
  offsets: readonly Readonly<Span>[],
  characters: Readonly<Span>,
): Span | undefined {
  const overlaps = ([start, end]: Readonly<Span>): boolean =>
    start < end && start < characters[1] && end > characters[0];
  const first = offsets.findIndex(overlaps);
  return first < 0 ? undefined : [first, offsets.findLastIndex(overlaps) + 1];
}

/** `span` moved by `distance`. */
export function shifted(span: Readonly<Span>, distance: number): Span {
  return [span[0] + distance, span[1] + distance];
}
