/** @file Tokens put together: into words, sentences or paragraphs of the prompt's text. */
import type { RoutingView } from '../../src/protocol/routing-view';

export const groupings = ['token', 'word', 'sentence', 'paragraph'] as const;
export type Grouping = (typeof groupings)[number];

/** Neighbouring tokens, `to` exclusive. */
export interface Group {
  from: number;
  to: number;
}

/** The tokens of a view in groups: every token is in exactly one, in order. */
export class Groups {
  private readonly ofToken: Int32Array;

  constructor(readonly list: readonly Group[]) {
    this.ofToken = new Int32Array(list.at(-1)?.to ?? 0);
    list.forEach(({ from, to }, group) => this.ofToken.fill(group, from, to));
  }

  get count(): number {
    return this.list.length;
  }

  /** Position of the token's group. */
  at(token: number): number {
    return this.ofToken[token] ?? 0;
  }

  group(token: number): Group {
    return this.list[this.at(token)];
  }
}

/**
 * Groups never cross the border of a span: a word of the context and one of the question stay apart. A token belongs to
 * the word or sentence that its first character other than white space belongs to.
 */
export function groupsOf(view: RoutingView, grouping: Grouping): Groups {
  const { tokens } = view;
  const unit = unitOf(view.text, grouping);
  const list: Group[] = [];
  let previous: number | undefined;
  tokens.forEach((token, i) => {
    const own = grouping === 'token' ? i : unit(contentStart(token.text, token.start));
    const follows = belongsToPrevious(token.text, grouping) ? previous : own;
    const joins = i > 0 && follows === previous && tokens[i - 1].span === token.span;
    if (joins) list[list.length - 1].to = i + 1;
    else list.push({ from: i, to: i + 1 });
    previous = follows ?? own;
  });
  return new Groups(list);
}

/** A token without text is a part of a character that another token shows; white space closes a sentence. */
function belongsToPrevious(text: string, grouping: Grouping): boolean {
  if (grouping === 'token') return false;
  return grouping === 'word' ? text === '' : text.trim() === '';
}

/** The text of a group as the prompt has it. */
export function groupText(view: RoutingView, { from, to }: Group): string {
  return view.tokens
    .slice(from, to)
    .map(({ text }) => text)
    .join('');
}

/** Where the first character stands that is no white space; the start where all of it is. */
function contentStart(text: string, start: number): number {
  const at = text.search(/\S/);
  return at < 0 ? start : start + at;
}

/** From an offset to the number of the word, sentence or paragraph there. */
function unitOf(text: string, grouping: Grouping): (offset: number) => number {
  const starts = grouping === 'paragraph' ? paragraphStarts(text) : segmentStarts(text, grouping);
  return offset => {
    let [low, high] = [0, starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  };
}

function segmentStarts(text: string, grouping: Grouping): number[] {
  if (grouping !== 'word' && grouping !== 'sentence') return [0];
  const segmenter = new Intl.Segmenter(undefined, { granularity: grouping });
  return Array.from(segmenter.segment(text), ({ index }) => index);
}

/** Paragraphs are parted by blank lines. */
function paragraphStarts(text: string): number[] {
  return [0, ...Array.from(text.matchAll(/\n[^\S\n]*\n\s*/g), match => match.index + match[0].length)];
}
