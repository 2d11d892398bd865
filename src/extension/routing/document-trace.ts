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
  /** Document offset minus offset in `view.text`; undefined when the traced text is not in the prompt as it was sent. */
  private readonly shift: number | undefined;
  private currentText: string;

  constructor(
    readonly view: RoutingView,
    readonly traced: TracedText,
  ) {
    this.currentText = traced.documentText;
    const sent = traced.documentText.slice(traced.start, traced.end);
    // A chat template may trim the text: find what is left of it.
    const at = sent.indexOf(view.text.slice(view.source.start, view.source.end));
    if (at >= 0) this.shift = traced.start + at - view.source.start;
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
    const { tokens, source } = this.view;
    if (this.shift === undefined) return undefined;
    const at = offset - this.shift;
    if (at < source.start || at >= source.end) return undefined;
    const found = tokens.findIndex(token => token.start <= at && at < token.end);
    return found >= 0 ? found : undefined;
  }

  /** @returns the part of a token that lies in the traced text, in document offsets; nothing for template tokens */
  spanOf(position: number): Span | undefined {
    const token = this.view.tokens.at(position);
    if (!token || this.shift === undefined) return undefined;
    const start = Math.max(token.start, this.view.source.start);
    const end = Math.min(token.end, this.view.source.end);
    return start < end ? { start: start + this.shift, end: end + this.shift } : undefined;
  }

  /** Whether the document still has at the token's place what was traced there. */
  isUnchangedAt({ start, end }: Span): boolean {
    return this.currentText.slice(start, end) === this.traced.documentText.slice(start, end);
  }
}
