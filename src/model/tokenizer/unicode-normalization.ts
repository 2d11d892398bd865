/** @file Unicode normalisation that keeps the alignment with the original text. */
import { type AlignedText, AlignedTextBuilder, characterLength } from './aligned-text';

export type NormalizationForm = 'NFC' | 'NFD' | 'NFKC' | 'NFKD';

/**
 * A character on its way through normalisation. `change` counts characters as the reference library does: 1 = new, 0 =
 * stands for one character of the source, −n = stands for one and swallows the n that follow it.
 */
interface Character {
  text: string;
  change: number;
}

/** Characters below U+0300 never combine with what stands before them: the text can be cut in front of each. */
const clusterPattern = /[^\u0300-\u{10ffff}]?[\u0300-\u{10ffff}]*/gu;

/** Equal to `text.normalize(form)`, with alignment: a composed character stands for the first one that it was made of. */
export function normalizeUnicode(source: AlignedText, form: NormalizationForm): AlignedText {
  if (source.text.normalize(form) === source.text) return source;
  const builder = new AlignedTextBuilder(source);
  for (const { 0: cluster, index } of source.text.matchAll(clusterPattern)) {
    if (cluster.normalize(form) === cluster) builder.keep(index, index + cluster.length);
    else addNormalized(builder, cluster, index, form);
  }
  return builder.build();
}

function addNormalized(
  builder: AlignedTextBuilder,
  cluster: string,
  index: number,
  form: NormalizationForm,
): void {
  const decomposed = decompose(cluster, form === 'NFC' || form === 'NFD' ? 'NFD' : 'NFKD');
  const characters = form === 'NFC' || form === 'NFKC' ? compose(decomposed) : decomposed;
  let at = 0;
  for (const { text, change } of characters) {
    if (change > 0) {
      builder.add(text, index + Math.max(at - 1, 0));
      continue;
    }
    builder.add(text, index + Math.min(at, cluster.length - 1));
    for (let count = 1 - change; count > 0 && at < cluster.length; count--)
      at += characterLength(cluster, at);
  }
}

/** Decomposes each character, then puts combining marks in canonical order. */
function decompose(cluster: string, form: 'NFD' | 'NFKD'): Character[] {
  const characters: Character[] = [];
  for (const character of cluster) {
    [...character.normalize(form)].forEach((text, i) => {
      let at = characters.length;
      while (at > 0 && mustSwap(characters[at - 1].text, text)) at--;
      characters.splice(at, 0, { text, change: Math.min(i, 1) });
    });
  }
  return characters;
}

/** The canonical composition algorithm (Unicode Standard Annex 15) over decomposed characters. */
function compose(decomposed: readonly Character[]): Character[] {
  const composed: Character[] = [];
  let starter: Character | undefined;
  let marks: Character[] = [];
  const flush = (): void => {
    if (starter) composed.push(starter);
    composed.push(...marks);
    marks = [];
  };
  for (const character of decomposed) {
    const blocked = marks.length > 0 && !mustSwap(character.text, marks[marks.length - 1].text);
    const pair = starter && !blocked ? composePair(starter.text, character.text) : undefined;
    if (starter && pair !== undefined) {
      starter = { text: pair, change: starter.change + character.change - 1 };
    } else if (isStarter(character.text)) {
      flush();
      starter = character;
    } else if (starter) {
      marks.push(character);
    } else {
      composed.push(character);
    }
  }
  flush();
  return composed;
}

function composePair(first: string, second: string): string | undefined {
  const text = (first + second).normalize('NFC');
  return text.length === characterLength(text, 0) ? text : undefined;
}

/** Whether the combining class of `first` is above that of `second`, and that one is above 0. */
function mustSwap(first: string, second: string): boolean {
  return (first + second).normalize('NFD') !== first + second;
}

/** A character of combining class 0 changes places with none: neither with class 1 (U+0334) nor with 240 (U+0345). */
function isStarter(character: string): boolean {
  return !mustSwap(character, '\u0334') && !mustSwap('\u0345', character);
}
