/** @file How long the extension took to start. Imported first of all: the clock begins when its code is loaded. */

const begun = performance.now();

/** Milliseconds since the code of the extension began to load. */
export function sinceLoad(): number {
  return performance.now() - begun;
}
