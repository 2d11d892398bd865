/** @file Frees large buffers at once. JavaScript counts them little and would keep those of one step beside the next. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/** Collects garbage now; takes milliseconds on a small heap, however large the buffers are that it frees. */
export function collectGarbage(): void {
  if (!collect) {
    // V8 offers its collector to contexts that are made after the flag is set.
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
}
