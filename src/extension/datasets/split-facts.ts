/** @file What a file of samples holds: how many, how long, and the first of them. */
import { stat } from 'node:fs/promises';

import { countSamples, readSamples, type Sample } from '../workspace/sample-file';

/** Samples that the mean length is taken over, from the beginning of the file. */
export const samplesMeasured = 200;

export interface SplitFacts {
  samples: number;
  /** Of context, question and answer together, over the first {@link samplesMeasured} samples. */
  meanWords: number;
}

/** Reads each file once for as long as it does not change. */
export class SplitFactsCache {
  private readonly facts = new Map<string, { version: string; facts: Promise<SplitFacts> }>();

  /** @throws when the file cannot be read */
  async of(file: string): Promise<SplitFacts> {
    const { mtimeMs, size } = await stat(file);
    const version = `${mtimeMs}-${size}`;
    const known = this.facts.get(file);
    if (known?.version === version) return known.facts;
    const facts = readSplitFacts(file);
    this.facts.set(file, { version, facts });
    return facts;
  }
}

async function readSplitFacts(file: string): Promise<SplitFacts> {
  const first = await readSamples(file, samplesMeasured);
  const words = first.reduce((sum, { sample }) => sum + wordsOf(sample), 0);
  return { samples: await countSamples(file), meanWords: first.length === 0 ? 0 : words / first.length };
}

function wordsOf({ context, question, answer }: Sample): number {
  const texts = [context, question, [answer].flat().at(0) ?? ''];
  return texts.reduce((sum, text) => sum + (text.match(/\S+/g)?.length ?? 0), 0);
}
