/** @file Files that are either whole or absent: temporary name, flush, rename, flush the folder. */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';

/**
 * Writes `chunks` to `file` so that a reader, a crash or a full disk never leaves half of it under that name.
 * @param chunks written in order, without joining them first
 */
export function writeFileAtomically(file: string, chunks: string | Uint8Array | Iterable<Uint8Array>): void {
  mkdirSync(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    const handle = openSync(temporary, 'w');
    try {
      for (const chunk of asChunks(chunks)) writeAll(handle, chunk);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, file);
    syncFolder(path.dirname(file));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Pretty-printed JSON, written atomically. */
export function writeJsonAtomically(file: string, value: unknown): void {
  writeFileAtomically(file, `${JSON.stringify(value, null, 1)}\n`);
}

function asChunks(chunks: string | Uint8Array | Iterable<Uint8Array>): Iterable<Uint8Array> {
  if (typeof chunks === 'string') return [Buffer.from(chunks)];
  return chunks instanceof Uint8Array ? [chunks] : chunks;
}

function writeAll(handle: number, chunk: Uint8Array): void {
  for (let at = 0; at < chunk.length;)
    at += writeSync(handle, chunk, at, Math.min(chunk.length - at, 1 << 30));
}

/** A rename is durable only once its folder is flushed; Windows has no such call and needs none. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
