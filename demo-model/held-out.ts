/** @file Questions that tell how training goes: how many are answered exactly. Of the dev split, where there is one. */
import { Random } from '../src/common/random';
import { renderUserTurn } from '../src/data/prompt';
import type { Model } from '../src/model/model';
import { packRows } from '../src/model/packed-batch';
import { chatMarks } from './chat-format';
import { DocumentEncoder } from './document-encoder';
import { askClosed, askKnown, askNovel, askTwoHop } from './questions';
import { buildVocabulary } from './tokenizer-files';
import type { World } from './world';

/** Exact answers in percent, by what is asked. */
export type HeldOutScores = Readonly<Record<string, number>>;

interface Asked {
  readonly prompt: readonly number[];
  /** The answer and the end of text. */
  readonly answer: readonly number[];
}

const samplesOfEach = 128;
const batchSize = 32;

export class HeldOutQuestions {
  private readonly sets: ReadonlyMap<string, readonly Asked[]>;

  constructor(world: World, seed: number) {
    const random = new Random(seed);
    const source = { world, random, level: 1, split: 'dev' as const };
    const many = <T>(make: () => T): T[] => Array.from({ length: samplesOfEach }, make);
    const conflicts = many(() => askKnown(source, true));
    const facts = random.shuffled(world.facts).slice(0, samplesOfEach);
    const memories = conflicts.map(sample => ({ ...sample, answer: sample.original_answer ?? '' }));
    this.sets = new Map(
      Object.entries({
        reading: many(() => askNovel(source)),
        two_hop: many(() => askTwoHop(source, 'novel', true)),
        swap: conflicts,
        swap_from_memory: memories,
        true: many(() => askKnown(source, false)),
        closed: facts.map(fact => askClosed(fact, random)),
      }).map(([name, samples]) => [name, encode(samples)]),
    );
  }

  /** By teacher forcing: an answer is exact if each of its tokens is the most probable one after those before it. */
  async score(model: Model): Promise<HeldOutScores> {
    const scores: Record<string, number> = {};
    for (const [name, samples] of this.sets) {
      let exact = 0;
      for (let start = 0; start < samples.length; start += batchSize)
        exact += await exactAnswers(model, samples.slice(start, start + batchSize));
      scores[name] = (100 * exact) / samples.length;
    }
    return scores;
  }
}

type Sample = ReturnType<typeof askClosed>;

function encode(samples: readonly Sample[]): Asked[] {
  const encoder = new DocumentEncoder(buildVocabulary());
  const { start, beforeUser, afterUser, beforeAnswer, afterAnswer } = chatMarks;
  const ids = (text: string): number[] => {
    return encoder.encode([{ text, kind: 'answer' }], { answer: 1, context: 1, passage: 1 }).ids;
  };
  return samples.map(sample => ({
    prompt: ids(start + beforeUser + renderUserTurn(sample) + afterUser + beforeAnswer),
    answer: ids(sample.answer + afterAnswer),
  }));
}

async function exactAnswers(model: Model, samples: readonly Asked[]): Promise<number> {
  const batch = packRows(samples.map(({ prompt, answer }) => [...prompt, ...answer]));
  const rows: number[] = [];
  let start = 0;
  for (const { prompt, answer } of samples) {
    answer.forEach((_, i) => rows.push(start + prompt.length - 1 + i));
    start += prompt.length + answer.length;
  }
  const { data, shape } = await model.head.logits(await model.forwardRows(batch, rows));
  const [, vocabulary] = shape;
  const predicted = rows.map((_, row) =>
    largest((data as Float32Array).subarray(row * vocabulary, (row + 1) * vocabulary)),
  );
  let next = 0;
  return samples.filter(({ answer }) => {
    const given = predicted.slice(next, (next += answer.length));
    return given.every((id, i) => id === answer[i]);
  }).length;
}

function largest(values: Float32Array): number {
  let place = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[place]) place = i;
  return place;
}
