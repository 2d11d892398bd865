/** @file Looks into a JSON or JSONL file of any size for samples, without holding it in memory. */
import { createReadStream } from 'node:fs';

import * as v from 'valibot';

/** What the extension needs to know of a sample; the engine checks the rest. */
const SampleSchema = v.object({
  context: v.string(),
  question: v.string(),
  answer: v.union([v.string(), v.array(v.string())]),
});
export type Sample = v.InferOutput<typeof SampleSchema>;

/** A first sample longer than this (bytes) is none. */
const headBytes = 1 << 20;

/** A place in a text: lines and UTF-16 code units from 0. */
export interface Place {
  line: number;
  character: number;
}

/** An object of a file and where it stands. */
export interface FoundObject {
  /** Empty unless texts are kept. */
  text: string;
  start: Place;
  /** Behind the last character. */
  end: Place;
}

/**
 * The objects of a JSON list or of a JSONL file, found by their braces alone: the file is read in pieces
 * and nothing but the present object is kept.
 */
export class ObjectScanner {
  private inString = false;
  private escaped = false;
  private braces = 0;
  private text = '';
  private line = 0;
  /** Code units of the present line that were in earlier pieces; before 0 where its begin lies further on. */
  private column = 0;
  private start: Place = { line: 0, character: 0 };

  /** @param keep whether the texts are wanted, else only their number and places */
  constructor(private readonly keep: boolean) {}

  /** @returns the objects that end in this piece */
  push(piece: string): FoundObject[] {
    const found: FoundObject[] = [];
    let begin = 0;
    for (let i = 0; i < piece.length; i++) {
      const c = piece.charCodeAt(i);
      if (c === 0x0a) {
        this.line++;
        this.column = -i - 1;
      }
      if (this.inString) {
        if (this.escaped) this.escaped = false;
        else if (c === 0x5c) this.escaped = true;
        else if (c === 0x22) this.inString = false;
      } else if (c === 0x22) this.inString = true;
      else if (c === 0x7b && this.braces++ === 0) {
        begin = i;
        this.start = this.place(i);
      } else if (c === 0x7d && this.braces > 0 && --this.braces === 0) {
        const text = this.keep ? this.text + piece.slice(begin, i + 1) : '';
        found.push({ text, start: this.start, end: this.place(i + 1) });
        this.text = '';
      }
    }
    if (this.keep && this.braces > 0) this.text += piece.slice(begin);
    this.column += piece.length;
    return found;
  }

  private place(i: number): Place {
    return { line: this.line, character: this.column + i };
  }
}

/** @returns the first sample of the file, or nothing when it does not hold samples */
export async function readFirstSample(file: string): Promise<Sample | undefined> {
  const scanner = new ObjectScanner(true);
  for await (const piece of pieces(file, headBytes)) {
    const [first] = scanner.push(piece);
    if (first !== undefined) return asSample(first.text);
  }
  return undefined;
}

/** @returns how many objects the file holds */
export async function countSamples(file: string): Promise<number> {
  const scanner = new ObjectScanner(false);
  let samples = 0;
  for await (const piece of pieces(file)) samples += scanner.push(piece).length;
  return samples;
}

/** The first `limit` samples, numbered by their place among the objects of the file. */
export async function readSamples(file: string, limit: number): Promise<{ index: number; sample: Sample }[]> {
  const scanner = new ObjectScanner(true);
  const samples: { index: number; sample: Sample }[] = [];
  let index = 0;
  for await (const piece of pieces(file)) {
    for (const { text } of scanner.push(piece)) {
      const sample = asSample(text);
      if (sample) samples.push({ index, sample });
      index++;
      if (samples.length === limit) return samples;
    }
  }
  return samples;
}

/** @returns where the object with this number stands, as an editor counts lines and characters */
export async function placeOfSample(
  file: string,
  index: number,
): Promise<Pick<FoundObject, 'start' | 'end'> | undefined> {
  const scanner = new ObjectScanner(false);
  let before = 0;
  for await (const piece of pieces(file)) {
    const found = scanner.push(piece);
    if (index < before + found.length) return found[index - before];
    before += found.length;
  }
  return undefined;
}

/** Without the byte order mark, which editors leave out, too. */
async function* pieces(file: string, bytes = Infinity): AsyncGenerator<string> {
  const stream = createReadStream(file, { encoding: 'utf8', end: bytes });
  let first = true;
  for await (const piece of stream as AsyncIterable<string>) {
    yield first && piece.startsWith('\ufeff') ? piece.slice(1) : piece;
    first = false;
  }
}

/** @param text of an object. @returns nothing when it is no sample */
export function asSample(text: string): Sample | undefined {
  try {
    const parsed = v.safeParse(SampleSchema, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
