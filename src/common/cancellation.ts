/** @file Cooperative cancellation: long jobs call `throwIfCancelled` between layers. */
import { CancelledError } from './errors';

/**
 * Throws {@link CancelledError} once `signal` is aborted. Gives the event loop a turn first: a synchronous run of a
 * layer would otherwise keep the message that cancels it waiting for ever.
 */
export async function throwIfCancelled(signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>(resolve => setImmediate(resolve));
  if (signal?.aborted) throw new CancelledError();
}
