/** @file What the user chose in the Routing panel, for the next time that it is opened: in a file, which outlives the window. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { writeFileAtomically } from '../../common/atomic-file';

/** Milliseconds: a text that is being written is not saved letter by letter. */
const delay = 100;

export class KeptChoices {
  private current: unknown;
  private timer: NodeJS.Timeout | undefined;

  /** @param folder none: nothing outlives the window */
  constructor(private readonly folder: string | undefined) {
    this.current = this.read();
  }

  /** As it was given; undefined where there is nothing, or nothing that can be read. The page checks it. */
  get value(): unknown {
    return this.current;
  }

  keep(value: unknown): void {
    this.current = value;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.write(), delay);
  }

  /** Writes what is still to be written. */
  dispose(): void {
    if (this.timer) this.write();
  }

  private write(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.file !== undefined) writeFileAtomically(this.file, JSON.stringify(this.current));
  }

  private read(): unknown {
    try {
      return this.file === undefined ? undefined : (JSON.parse(readFileSync(this.file, 'utf8')) as unknown);
    } catch {
      return undefined; // nothing was kept yet, or by another program
    }
  }

  private get file(): string | undefined {
    return this.folder === undefined ? undefined : path.join(this.folder, 'routing-panel.json');
  }
}
