/** @file On which lines of a dataset its samples begin. */
import { asSample, type FoundObject, ObjectScanner } from '../workspace/sample-file';

/** A `vscode.TextDocument`, as far as it is needed here. */
export interface Lines {
  readonly lineCount: number;
  lineAt(line: number): { readonly text: string };
}

export interface SampleLine {
  /** Number of the sample in its file. */
  index: number;
  line: number;
}

/** Looks through a document only as far as it is asked: the files may be large. */
export class SampleLines {
  private readonly scanner = new ObjectScanner(false);
  private readonly found: FoundObject[] = [];
  private scanned = 0;

  /** @param document must not change */
  constructor(private readonly document: Lines) {}

  /** @returns the samples that begin on these lines, the first one of each line; none when the file holds no samples */
  between(first: number, last: number): SampleLine[] {
    while (this.scanned < this.document.lineCount && (this.found.at(-1)?.start.line ?? -1) <= last)
      this.found.push(...this.scanner.push(`${this.document.lineAt(this.scanned++).text}\n`));
    if (!this.holdsSamples()) return [];
    const lines = this.found.map(({ start: { line } }, index) => ({ index, line }));
    return lines.filter(
      ({ line }, i) => first <= line && line <= last && line !== (i > 0 ? lines[i - 1].line : undefined),
    );
  }

  /** Other JSON has objects, too: the first one tells. */
  private holdsSamples(): boolean {
    const [object] = this.found;
    if (!object) return false;
    const { start, end } = object;
    const lines = Array.from({ length: end.line - start.line + 1 }, (_, i) => {
      const { text } = this.document.lineAt(start.line + i);
      return text.slice(
        i === 0 ? start.character : 0,
        start.line + i === end.line ? end.character : undefined,
      );
    });
    return asSample(lines.join('\n')) !== undefined;
  }
}
