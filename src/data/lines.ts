/** @file The lines of a text file, read piece by piece. */
import type { Hash } from 'node:crypto';
import { readSync } from 'node:fs';

import { InputError } from '../common/errors';

const pieceBytes = 1 << 20;
/** What is parsed at once becomes one string, whose length V8 limits. */
export const maximumTextBytes = 400_000_000;
const lineFeed = 10;

export interface Line {
  text: string;
  /** File and number of the line, from 1, for messages. */
  where: string;
}

/**
 * Lines that are not blank, without their ends (`\n` or `\r\n`) and without a byte order mark.
 * @param hash is given every byte of the file by the time the last line has been taken
 */
export function* readLines(file: string, handle: number, hash: Hash): Generator<Line> {
  let number = 0;
  for (const bytes of readRawLines(file, handle, hash)) {
    const where = `${file}, line ${++number}`;
    const text = decodeUtf8(bytes, where).replace(number === 1 ? /^\ufeff/ : '', '');
    if (text.trim() !== '') yield { text, where };
  }
}

function* readRawLines(file: string, handle: number, hash: Hash): Generator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  let pending = 0;
  for (;;) {
    const piece = new Uint8Array(pieceBytes);
    const read = piece.subarray(0, readSync(handle, piece));
    if (read.length === 0) break;
    hash.update(read);
    let start = 0;
    for (let end; (end = read.indexOf(lineFeed, start)) >= 0; start = end + 1) {
      yield Buffer.concat([...pieces, read.subarray(start, end)]);
      pieces = [];
      pending = 0;
    }
    pieces.push(read.subarray(start));
    pending += read.length - start;
    if (pending > maximumTextBytes)
      throw new InputError(`${file} has a line of more than ${maximumTextBytes} bytes.`);
  }
  if (pending > 0) yield Buffer.concat(pieces);
}

/** The text of UTF-8 bytes, byte order mark included. Throws {@link InputError} for bytes that are none. */
export function decodeUtf8(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new InputError(`${where} is not UTF-8. Save the file as UTF-8.`);
  }
}
