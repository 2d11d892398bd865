/** @file Files that are either whole or absent: temporary name, flush, rename, flush the folder. */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';

/**
 * Writes `chunks` to `file` so that a reader, a crash or a full disk never leaves half of it under that name.
 * @param chunks written in order, without joining them first; each is asked for when those before it are written
 */
export function writeFileAtomically(file: string, chunks: string | Uint8Array | Iterable<Uint8Array>): void {
  const temporary = new TemporaryFile(file);
  try {
    for (const chunk of asChunks(chunks)) temporary.write(chunk);
    temporary.commit();
  } finally {
    temporary.discard();
  }
}

/** {@link writeFileAtomically} of chunks that come one by one: the event loop gets a turn whenever they wait for one. */
export async function streamFileAtomically(file: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const temporary = new TemporaryFile(file);
  try {
    for await (const chunk of chunks) temporary.write(chunk);
    temporary.commit();
  } finally {
    temporary.discard();
  }
}

/** Removes what processes that were killed while they wrote have left in a folder and those below it. */
export function removeTemporaryFiles(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (/\.\d+\.tmp$/.test(name)) rmSync(path.join(folder, name), { force: true });
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

/** A file under another name, until it is whole. */
class TemporaryFile {
  private readonly path: string;
  private handle: number | undefined;

  constructor(private readonly file: string) {
    mkdirSync(path.dirname(file), { recursive: true });
    this.path = `${file}.${process.pid}.tmp`;
    this.handle = openSync(this.path, 'w');
  }

  write(chunk: Uint8Array): void {
    if (this.handle === undefined) throw new Error(`${this.path} is closed`);
    writeAll(this.handle, chunk);
  }

  /** Gives the file its name. */
  commit(): void {
    if (this.handle !== undefined) fsyncSync(this.handle);
    this.close();
    renameSync(this.path, this.file);
    syncFolder(path.dirname(this.file));
  }

  /** Removes what was not committed. */
  discard(): void {
    this.close();
    rmSync(this.path, { force: true });
  }

  private close(): void {
    if (this.handle !== undefined) closeSync(this.handle);
    this.handle = undefined;
  }
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
