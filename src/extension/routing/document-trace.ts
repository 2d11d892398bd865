/** @file Where the tokens of a trace lie in the document that was traced. Offsets count UTF-16 units, ends are exclusive. */
import type { RoutingView } from '../../protocol/routing-view';

/** What was traced: a part of a document, as it was then. */
export interface TracedText {
  /** URI of the document. */
  uri: string;
  /** The whole document's text at the time of the trace. */
  documentText: string;
  /** The part that was sent. */
  start: number;
  end: number;
}

export interface Span {
  start: number;
  end: number;
}

/** Maps between a document and the tokens of its trace. */
export class DocumentTrace {
  /** Document offset minus offset in `view.text`. */
  private readonly shift: number;
  private currentText: string;

  constructor(
    readonly view: RoutingView,
    readonly traced: TracedText,
  ) {
    this.currentText = traced.documentText;
    this.shift = traced.start - view.source.start;
  }

  /** Whether the document was edited since; undoing the edit heals it. */
  get stale(): boolean {
    return this.currentText !== this.traced.documentText;
  }

  /** To be called after each change of the document. @returns whether {@link stale} changed */
  update(text: string): boolean {
    const before = this.stale;
    this.currentText = text;
    return before !== this.stale;
  }

  /** @returns the token at a document offset, as a position in `view.tokens` */
  tokenAt(offset: number): number | undefined {
    const at = offset - this.shift;
    const position = this.view.tokens.findIndex(token => token.start <= at && at < token.end);
    const span = this.spanOf(position);
    return span && span.start <= offset && offset < span.end ? position : undefined;
  }

  /** @returns the part of a token that lies in the traced text, in document offsets; nothing for template tokens */
  spanOf(position: number): Span | undefined {
    const token = position < 0 ? undefined : this.view.tokens.at(position);
    if (!token) return undefined;
    const { source, text } = this.view;
    const start = Math.max(token.start, source.start);
    const end = Math.min(token.end, source.end);
    const span = { start: start + this.shift, end: end + this.shift };
    // Where the template cut white space away, its own tokens stand in that place.
    const isThere = this.traced.documentText.slice(span.start, span.end) === text.slice(start, end);
    return start < end && isThere ? span : undefined;
  }

  /** Whether the document still has at the token's place what was traced there. */
  isUnchangedAt({ start, end }: Span): boolean {
    return this.currentText.slice(start, end) === this.traced.documentText.slice(start, end);
  }
}
