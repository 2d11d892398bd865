/** @file Jobs one at a time: each may use the whole machine, and onnxruntime's sessions are not meant to compete. */
import { CancelledError } from '../common/errors';

/** Runs jobs in the order of arrival; a job that is cancelled while it waits never starts. */
export class JobQueue {
  private last: Promise<unknown> = Promise.resolve();

  /** @returns the outcome of `work`; rejects with {@link CancelledError} if `signal` aborts before its turn */
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const outcome = this.last.then(() => {
      if (signal.aborted) throw new CancelledError();
      return work();
    });
    this.last = outcome.catch(() => undefined);
    return outcome;
  }

  /** Resolves once every job that was accepted so far has ended. */
  async idle(): Promise<void> {
    await this.last;
  }
}
