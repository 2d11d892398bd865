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

/**
 * Maps between a document and the tokens of its trace. Text before and behind what was edited since keeps its tokens:
 * those behind move along.
 */
export class DocumentTrace {
  /** Document offset minus offset in `view.text`, both at the time of the trace. */
  private readonly shift: number;
  private currentText: string;
  /** Units at both ends of the document that are as they were traced. */
  private kept: { before: number; behind: number };

  constructor(
    readonly view: RoutingView,
    readonly traced: TracedText,
  ) {
    this.currentText = traced.documentText;
    this.kept = { before: traced.documentText.length, behind: 0 };
    this.shift = traced.start - view.source.start;
  }

  /** Whether the document was edited since; undoing the edit heals it. */
  get stale(): boolean {
    return this.currentText !== this.traced.documentText;
  }

  /** To be called after each change of the document. @returns whether {@link stale} changed */
  update(text: string): boolean {
    const wasStale = this.stale;
    this.currentText = text;
    this.kept = keptEnds(this.traced.documentText, text);
    return wasStale !== this.stale;
  }

  /** @returns the token at an offset of the present document, as a position in `view.tokens` */
  tokenAt(offset: number): number | undefined {
    const traced = this.inTraced(offset);
    if (traced === undefined) return undefined;
    const at = traced - this.shift;
    const position = this.view.tokens.findIndex(token => token.start <= at && at < token.end);
    const span = this.spanOf(position);
    return span && span.start <= offset && offset < span.end ? position : undefined;
  }

  /**
   * @returns the place of a token in the present document; nothing for tokens of the template and for those whose text
   * was edited
   */
  spanOf(position: number): Span | undefined {
    const token = position < 0 ? undefined : this.view.tokens.at(position);
    if (!token) return undefined;
    const { source, text } = this.view;
    const start = Math.max(token.start, source.start);
    const end = Math.min(token.end, source.end);
    const span = { start: start + this.shift, end: end + this.shift };
    // Where the template cut white space away, its own tokens stand in that place.
    const isThere = this.traced.documentText.slice(span.start, span.end) === text.slice(start, end);
    return start < end && isThere ? this.inPresent(span) : undefined;
  }

  /** Whether an offset of the present document lies in text that was edited since the trace. */
  isEditedAt(offset: number): boolean {
    return this.stale && this.inTraced(offset) === undefined;
  }

  private inTraced(offset: number): number | undefined {
    if (offset < this.kept.before) return offset;
    return offset >= this.currentText.length - this.kept.behind ? offset - this.moved : undefined;
  }

  private inPresent({ start, end }: Span): Span | undefined {
    if (end <= this.kept.before) return { start, end };
    const isBehind = start >= this.traced.documentText.length - this.kept.behind;
    return isBehind ? { start: start + this.moved, end: end + this.moved } : undefined;
  }

  /** By how much the text behind the edit moved. */
  private get moved(): number {
    return this.currentText.length - this.traced.documentText.length;
  }
}

/** The lengths of the longest common beginning, and of the longest common end of what is left. */
function keptEnds(old: string, now: string): { before: number; behind: number } {
  const shorter = Math.min(old.length, now.length);
  let before = 0;
  while (before < shorter && old[before] === now[before]) before++;
  let behind = 0;
  while (behind < shorter - before && old[old.length - 1 - behind] === now[now.length - 1 - behind]) behind++;
  return { before, behind };
}
