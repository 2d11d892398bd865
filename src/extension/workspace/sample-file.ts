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

/**
 * The texts of the objects of a JSON list or of a JSONL file, found by their braces alone: the file is read in pieces
 * and nothing but the present object is kept.
 */
export class ObjectScanner {
  private inString = false;
  private escaped = false;
  private braces = 0;
  private text = '';

  /** @param keep whether the texts are wanted, else only their number */
  constructor(private readonly keep: boolean) {}

  /** @returns the objects that end in this piece (empty texts unless kept) */
  push(piece: string): string[] {
    const found: string[] = [];
    let begin = 0;
    for (let i = 0; i < piece.length; i++) {
      const c = piece.charCodeAt(i);
      if (this.inString) {
        if (this.escaped) this.escaped = false;
        else if (c === 0x5c) this.escaped = true;
        else if (c === 0x22) this.inString = false;
      } else if (c === 0x22) this.inString = true;
      else if (c === 0x7b && this.braces++ === 0) begin = i;
      else if (c === 0x7d && this.braces > 0 && --this.braces === 0) {
        found.push(this.keep ? this.text + piece.slice(begin, i + 1) : '');
        this.text = '';
      }
    }
    if (this.keep && this.braces > 0) this.text += piece.slice(begin);
    return found;
  }
}

/** @returns the first sample of the file, or nothing when it does not hold samples */
export async function readFirstSample(file: string): Promise<Sample | undefined> {
  const scanner = new ObjectScanner(true);
  for await (const piece of pieces(file, headBytes)) {
    const [first] = scanner.push(piece);
    if (first !== undefined) return asSample(first);
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
    for (const text of scanner.push(piece)) {
      const sample = asSample(text);
      if (sample) samples.push({ index, sample });
      index++;
      if (samples.length === limit) return samples;
    }
  }
  return samples;
}

async function* pieces(file: string, bytes = Infinity): AsyncGenerator<string> {
  const stream = createReadStream(file, { encoding: 'utf8', end: bytes });
  for await (const piece of stream) yield piece as string;
}

function asSample(text: string): Sample | undefined {
  try {
    const parsed = v.safeParse(SampleSchema, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
