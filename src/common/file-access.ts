/** @file Reading parts of files, with the system's refusals turned into messages for users. */
import { readSync } from 'node:fs';

import { InputError } from './errors';

const reasons: Partial<Record<string, string>> = {
  ENOENT: 'does not exist. Check the path',
  ENOTDIR: 'does not exist. Check the path',
  EISDIR: 'is a folder. Give a file',
  EACCES: 'may not be read. Change its permissions',
  EPERM: 'may not be read. Change its permissions',
  ELOOP: 'is a symbolic link that leads in a circle. Download the file again',
};

/** Runs `read`; a system error about `file` becomes an {@link InputError} that says what is wrong with it. */
export function withInputErrors<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    const reason = code === undefined ? undefined : reasons[code];
    throw reason === undefined ? error : new InputError(`${file} ${reason}.`);
  }
}

/** Reads exactly `length` bytes from `position` on, into memory that is aligned for every element type. */
export function readFully(
  file: string,
  handle: number,
  position: number,
  length: number,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    // One read call moves at most 2 GiB.
    const count = readSync(handle, bytes, done, Math.min(length - done, 1 << 30), position + done);
    if (count === 0)
      throw new InputError(`${file} became shorter while it was read. Run again when nothing writes it.`);
    done += count;
  }
  return bytes;
}
