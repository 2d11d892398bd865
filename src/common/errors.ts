/** @file The two kinds of failure that users see, told apart from bugs by their type. */

/**
 * Something about the user's input is wrong: a file, a setting, a sample. The message is one line that says what is
 * wrong, where, and what to do. Faces print it without a stack trace; the command line exits with code 2.
 */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** The user cancelled the job. Not a failure: faces report it as such; the command line exits with code 130. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';
  constructor() {
    super('Cancelled.');
  }
}

/** The message of anything thrown, for places that must print whatever they caught. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
