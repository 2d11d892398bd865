/** @file A text that knows, for each of its UTF-16 code units, which span of the original text it came from. */

/** `[start, end)` in UTF-16 code units. */
export type Span = [start: number, end: number];

/** Immutable. Slices share the memory of the text that they were cut from. */
export class AlignedText {
  private constructor(
    readonly text: string,
    /** Per code unit, from `first` on: the start and the end of its span. */
    private readonly starts: Int32Array,
    private readonly ends: Int32Array,
    private readonly first: number,
  ) {}

  /** The original text itself: every code unit belongs to its own character. */
  static original(text: string): AlignedText {
    const starts = new Int32Array(text.length);
    const ends = new Int32Array(text.length);
    for (let at = 0; at < text.length;) {
      const end = at + characterLength(text, at);
      for (let i = at; i < end; i++) {
        starts[i] = at;
        ends[i] = end;
      }
      at = end;
    }
    return new AlignedText(text, starts, ends, 0);
  }

  /** A text made by {@link AlignedTextBuilder}. */
  static built(text: string, starts: readonly number[], ends: readonly number[]): AlignedText {
    return new AlignedText(text, Int32Array.from(starts), Int32Array.from(ends), 0);
  }

  slice(start: number, end: number): AlignedText {
    if (start === 0 && end === this.text.length) return this;
    return new AlignedText(this.text.slice(start, end), this.starts, this.ends, this.first + start);
  }

  /** The same text in other letters, code unit by code unit. */
  respelled(text: string): AlignedText {
    return new AlignedText(text, this.starts, this.ends, this.first);
  }

  /** Where the span of the code unit `at` starts in the original text. */
  originalStart(at: number): number {
    return this.starts[this.first + at];
  }

  /** Where the span of the code unit `at` ends in the original text. */
  originalEnd(at: number): number {
    return this.ends[this.first + at];
  }

  /** The span of the original text that the non-empty range `[start, end)` came from. */
  originalSpan(start: number, end: number): Span {
    return [this.originalStart(start), this.originalEnd(end - 1)];
  }
}

/** Puts together a text whose characters come from `source`. */
export class AlignedTextBuilder {
  private readonly parts: string[] = [];
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];

  constructor(private readonly source: AlignedText) {}

  /** Takes over `[start, end)` as it is. */
  keep(start: number, end: number): void {
    this.parts.push(this.source.text.slice(start, end));
    for (let at = start; at < end; at++) this.align(at);
  }

  /** Adds new text that stands for the source's character at code unit `at`. */
  add(text: string, at: number): void {
    this.parts.push(text);
    for (let i = 0; i < text.length; i++) this.align(at);
  }

  build(): AlignedText {
    return AlignedText.built(this.parts.join(''), this.starts, this.ends);
  }

  private align(at: number): void {
    this.starts.push(this.source.originalStart(at));
    this.ends.push(this.source.originalEnd(at));
  }
}

/** The source with `prefix` in front; the prefix shares the span of the first character. An empty text stays empty. */
export function prepend(source: AlignedText, prefix: string): AlignedText {
  if (source.text === '') return source;
  const builder = new AlignedTextBuilder(source);
  builder.add(prefix, 0);
  builder.keep(0, source.text.length);
  return builder.build();
}

/** Replaces every match of `pattern` (global); the new text stands for the last character of the match. */
export function replaceAll(source: AlignedText, pattern: RegExp, content: string): AlignedText {
  const builder = new AlignedTextBuilder(source);
  let done = 0;
  for (const match of source.text.matchAll(pattern)) {
    if (match[0] === '') continue;
    builder.keep(done, match.index);
    done = match.index + match[0].length;
    builder.add(content, done - 1);
  }
  if (done === 0) return source;
  builder.keep(done, source.text.length);
  return builder.build();
}

/** Code units of the character at `at`: 2 for a surrogate pair, else 1. */
export function characterLength(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code >= 0xd800 && code < 0xdc00 && (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}
