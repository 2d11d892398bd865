/** @file What a run measures line by line, read while its job writes it. */
import { watch } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';

import * as v from 'valibot';

import { messageOf } from '../../common/errors';
import {
  type MetricLine,
  MetricLineSchema,
  type RatioLine,
  RatioLineSchema,
  runFiles,
} from '../../protocol/artifacts';

/** A file of a run folder that grows line by line. */
interface LinesFile<Line> {
  name: string;
  schema: v.GenericSchema<unknown, Line>;
}

export const metricsFile: LinesFile<MetricLine> = { name: runFiles.metrics, schema: MetricLineSchema };
export const ratiosFile: LinesFile<RatioLine> = { name: runFiles.ratios, schema: RatioLineSchema };

/** What {@link LinesTail.read} found since the last time. */
export interface NewLines<Line> {
  lines: Line[];
  /** The lines are all that the file has: it was read for the first time, or a resumed job has rewritten it. */
  fromStart: boolean;
}

/** Reads such a file piece by piece: every read gives what was appended since the one before. */
export class LinesTail<Line> {
  private readonly file: string;
  private position = 0;
  private inode: number | undefined;
  /** The beginning of a line that is still being written. */
  private rest: Buffer = Buffer.alloc(0);
  private reading: Promise<unknown> = Promise.resolve();

  /** @param folder of the run; it may not exist yet */
  constructor(
    folder: string,
    private readonly kind: LinesFile<Line>,
  ) {
    this.file = path.join(folder, kind.name);
  }

  /** @throws Error, one line, if the file cannot be read or has a line that is none */
  read(): Promise<NewLines<Line>> {
    const next = this.reading.then(() => this.readNow());
    this.reading = next.catch(() => undefined);
    return next;
  }

  private async readNow(): Promise<NewLines<Line>> {
    const handle = await openIfThere(this.file);
    if (!handle) return { lines: [], fromStart: this.position === 0 };
    try {
      const { size, ino } = await handle.stat();
      // A resumed job drops lines by writing the file anew.
      if (ino !== this.inode || size < this.position) {
        this.position = 0;
        this.rest = Buffer.alloc(0);
      }
      this.inode = ino;
      const fromStart = this.position === 0;
      const { buffer, bytesRead } = await handle.read({
        buffer: Buffer.alloc(size - this.position),
        position: this.position,
      });
      this.position += bytesRead;
      return { lines: this.linesOf(buffer.subarray(0, bytesRead)), fromStart };
    } finally {
      await handle.close();
    }
  }

  private linesOf(appended: Buffer): Line[] {
    const bytes = Buffer.concat([this.rest, appended]);
    const end = bytes.lastIndexOf('\n') + 1;
    this.rest = bytes.subarray(end);
    const texts = bytes.toString('utf8', 0, end).split('\n').slice(0, -1);
    const schema = v.pipe(v.string(), v.parseJson(), this.kind.schema);
    return texts.map(text => {
      const parsed = v.safeParse(schema, text);
      if (parsed.success) return parsed.output;
      throw new Error(`${this.file}: not a line of such a file: ${text.slice(0, 80)}`);
    });
  }
}

/**
 * Follows such a file, also one that another process writes.
 * @param folder of the run; must exist
 * @param onLines told what is there, then whatever is appended
 * @param onError told in one line what cannot be read
 * @returns ends it
 */
export function followLines<Line>(
  folder: string,
  kind: LinesFile<Line>,
  onLines: (found: NewLines<Line>) => void,
  onError: (line: string) => void,
): { dispose(): void } {
  const tail = new LinesTail(folder, kind);
  let ended = false;
  const read = (): void => {
    tail.read().then(
      found => {
        if (!ended && (found.fromStart || found.lines.length > 0)) onLines(found);
      },
      (error: unknown) => {
        if (!ended) onError(messageOf(error));
      },
    );
  };
  const watcher = watch(folder, (_, name) => {
    if (name === null || name === kind.name) read();
  });
  watcher.on('error', error => onError(messageOf(error)));
  read();
  return {
    dispose: () => {
      ended = true;
      watcher.close();
    },
  };
}

async function openIfThere(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
