/** @file Waiting in the extension host. */

/** Looks at `condition` again every 20 ms until it holds; the test's own time limit ends it else. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setTimeout(resolve, 20));
}
