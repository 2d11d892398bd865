/** @file Documents as token ids with loss weights. Faster than the tokenizer itself, with the same result. */
import { byteCharacters } from '../src/model/tokenizer/byte-alphabet';
import { specialTokens } from './chat-format';
import type { Piece, PieceKind } from './documents';

export interface TrainingRow {
  ids: number[];
  /** Per token: how much predicting it counts. That of the first token has no meaning. */
  weights: number[];
}

/** Special tokens, words with the space before them, and single characters. */
const unit = new RegExp(
  [...specialTokens.map(token => token.replaceAll('|', '\\|')), ' ?[A-Za-z]+', '[^]'].join('|'),
  'g',
);

export class DocumentEncoder {
  /** Text of a token → id. */
  private readonly ids = new Map<string, number>();

  /** @param vocabulary of `buildVocabulary` */
  constructor(vocabulary: ReadonlyMap<string, number>) {
    const [spaceCharacter, lineEndCharacter] = [' ', '\n'].map(text => byteCharacters[text.charCodeAt(0)]);
    for (const [token, id] of vocabulary) {
      this.ids.set(token.replace(spaceCharacter, ' ').replace(lineEndCharacter, '\n'), id);
    }
  }

  /** @throws Error if a word is not in the vocabulary: documents have no others */
  encode(pieces: readonly Piece[], weightOf: Readonly<Record<PieceKind, number>>): TrainingRow {
    const row: TrainingRow = { ids: [], weights: [] };
    for (const { text, kind } of pieces) {
      for (const token of text.match(unit) ?? []) {
        const id = this.ids.get(token);
        if (id === undefined) throw new Error(`${JSON.stringify(token)} is not one token of the vocabulary.`);
        row.ids.push(id);
        row.weights.push(weightOf[kind]);
      }
    }
    return row;
  }
}
