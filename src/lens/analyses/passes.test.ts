/** @file What the analyses read off a small model, against a full trace of each sample alone. */
import path from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { largestDifference } from '../../../test/helpers/golden';
import { scratchFolder } from '../../../test/helpers/scratch';
import { writeTinyCheckpoint } from '../../../test/helpers/tiny-checkpoint';
import { InputError } from '../../common/errors';
import { Random } from '../../common/random';
import type { TextSample } from '../../data/sample';
import { tokenizeSample } from '../../data/tokenized-sample';
import { Model } from '../../model/model';
import { packRows } from '../../model/packed-batch';
import { attentionFrom, type Trace, traceBatch } from '../../model/trace';
import { LazyTokenizer, type LoadedSample } from '../dataset';
import { baseVariant } from '../variant';
import { attentionGain, promptAttention } from './attention';
import { answerProbabilities } from './logit-lens';
import { embedInPlane, expertActivations } from './patterns';
import { answerLogProbabilities, reliance, summariseReliance, withoutContext } from './reliance';
import { tokenAttention } from './token-attention';

const folder = writeTinyCheckpoint(path.join(scratchFolder(), 'tiny'));
const model = Model.open(folder, { threads: 1, memoryBudget: 1e12 });
afterAll(() => model.release());
const tokenizer = new LazyTokenizer(model.checkpoint);
const base = baseVariant(model);

const sources: TextSample[] = [
  { context: 'The tower is red.', question: 'What colour is it?', answers: ['red'] },
  { context: 'Nothing is said here.', question: 'What colour is the old bridge?', answers: ['blue'] },
  { context: 'A green hill.', question: 'Hill?', answers: ['green'] },
];
const samples = sources.map((source, index): LoadedSample => ({
  ...tokenizeSample(tokenizer.get(), source),
  index,
  source,
}));

/** Of one sample alone, prompt and answer. */
const traced = ({ inputIds }: LoadedSample): Promise<Trace> =>
  traceBatch(model, packRows([inputIds]), { attention: true, hidden: true, logits: true });

/** ln softmax(logits of position − 1)[token at position] */
function logProbability(trace: Trace, { inputIds }: LoadedSample, position: number): number {
  const width = model.architecture.vocabularySize;
  const logits = Array.from(
    (trace.logits?.data as Float32Array).subarray((position - 1) * width, position * width),
  );
  const largest = Math.max(...logits);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - largest), 0);
  return logits[inputIds[position]] - largest - Math.log(sum);
}

describe('promptAttention', () => {
  it('sums over the spans of each sample, whichever batch it is in', async () => {
    const found = await promptAttention(base, samples);
    for (const [i, sample] of samples.entries()) {
      const { attention, batch } = await traced(sample);
      const { context, answerInContext, answer } = sample.spans;
      const sums = (span: readonly [number, number]): number[] =>
        attention.map(layer =>
          attentionFrom(layer, batch, 0, answer[0] - 1)
            .slice(...span)
            .reduce((sum, value) => sum + value, 0),
        );
      expect(largestDifference(found[i].context ?? [], sums(context ?? [0, 0]))).toBeLessThan(1e-5);
      expect(found[i].answer === undefined).toBe(answerInContext === undefined);
      if (answerInContext)
        expect(largestDifference(found[i].answer ?? [], sums(answerInContext))).toBeLessThan(1e-5);
    }
    expect(found.map(({ answer }) => answer !== undefined)).toEqual([true, false, true]);
    const { context, answer } = attentionGain(found, found, 0);
    expect(context?.gain.map(({ value, samples: n }) => [value, n])).toEqual([
      [0, 3],
      [0, 3],
    ]);
    expect(answer?.base[0].samples).toBe(2);
  });

  it('has a share for every token of a prompt', async () => {
    const { tokens, base: before, tuned } = await tokenAttention(base, base, samples[0]);
    expect(tokens.map(({ text }) => text).join('')).toBe(
      samples[0].text?.slice(0, samples[0].text.length - 'red'.length),
    );
    const text = (key: 'in_context' | 'in_answer'): string =>
      tokens
        .filter(token => token[key])
        .map(token => token.text)
        .join('');
    expect([text('in_context'), text('in_answer')]).toEqual(['The tower is red.', 'red']);
    expect(tuned).toEqual(before);
    for (const layer of before) expect(layer.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
  });
});

describe('answerProbabilities', () => {
  it('ends with the probability that the model itself gives', async () => {
    const found = await answerProbabilities(base, samples);
    for (const [i, sample] of samples.entries()) {
      const expected = Math.exp(logProbability(await traced(sample), sample, sample.spans.answer[0]));
      expect(found[i].length).toBe(model.architecture.layers.length + 1);
      expect(Math.abs((found[i].at(-1) ?? NaN) - expected)).toBeLessThan(1e-5);
    }
  });
});

describe('reliance', () => {
  it('is the difference of the log-probabilities of the answer, without the end-of-sequence token', async () => {
    const bare = samples.map(sample => withoutContext(sample, tokenizer, 'data'));
    const withContext = await answerLogProbabilities(base, samples);
    const without = await answerLogProbabilities(base, bare);
    const found = reliance(withContext, without);
    for (const [i, sample] of samples.entries()) {
      const { answers } = sources[i];
      expect(found[i].length).toBe(answers[0].length); // a token is a byte here
      const [given, left] = [await traced(sample), await traced(bare[i])];
      const expected = found[i].map(
        (_, t) =>
          logProbability(given, sample, sample.spans.answer[0] + t) -
          logProbability(left, bare[i], bare[i].spans.answer[0] + t),
      );
      expect(largestDifference(found[i], expected)).toBeLessThan(1e-4);
    }
    expect(bare[0].text).not.toContain('tower');
    expect(bare[0].text).toContain('What colour is it?');
  });

  it('takes the tokens of the context out of samples that came as tokens', () => {
    const sample: LoadedSample = {
      index: 4,
      inputIds: [10, 11, 12, 13, 14, 0],
      spans: { context: [1, 3], answer: [4, 6] },
    };
    expect(withoutContext(sample, tokenizer, 'data')).toEqual({
      index: 4,
      inputIds: [10, 13, 14, 0],
      spans: { answer: [2, 4] },
    });
    const closed = { ...sample, spans: { answer: sample.spans.answer } };
    expect(() => withoutContext(closed, tokenizer, 'data.json')).toThrow(InputError);
  });

  it('weighs samples alike, and positions by the samples that have them', () => {
    const { mean, by_position } = summariseReliance([[1, 3], [5]], 0);
    expect([mean.value, mean.samples]).toEqual([(2 + 5) / 2, 2]);
    expect(by_position.map(({ value, samples: n }) => [value, n])).toEqual([
      [3, 2],
      [3, 1],
    ]);
  });
});

describe('expertActivations', () => {
  it("are the experts' shares of each sample's routing", async () => {
    const experts = { '0': [3, 1], '1': [0] };
    const found = await expertActivations(base, samples, experts);
    for (const [i, sample] of samples.entries()) {
      const { moe } = await traced(sample);
      const expected = Object.entries(experts).flatMap(([layer, listed]) => {
        const indices = moe.get(Number(layer))?.topkIndices ?? new Int32Array();
        return listed.map(expert => indices.filter(index => index === expert).length / indices.length);
      });
      expect(largestDifference(found[i], expected)).toBeLessThan(1e-12);
    }
  });
});

describe('embedInPlane', () => {
  const random = new Random(1);
  const cluster = (centre: number): number[][] =>
    Array.from({ length: 20 }, () => Array.from({ length: 5 }, () => centre + 0.1 * random.normal()));
  const points = [...cluster(0), ...cluster(5)];

  it('puts alike points together, the same way for the same seed', async () => {
    const places = await embedInPlane(points, 2);
    expect(await embedInPlane(points, 2)).toEqual(places);
    const distance = (a: readonly number[], b: readonly number[]): number =>
      Math.hypot(a[0] - b[0], a[1] - b[1]);
    const nearestIsOfItsOwn = places.filter((place, i) => {
      const others = places.map((other, j) => (i === j ? Infinity : distance(place, other)));
      return Math.floor(others.indexOf(Math.min(...others)) / 20) === Math.floor(i / 20);
    });
    expect(nearestIsOfItsOwn.length).toBe(40);
  });

  it('refuses too few points', async () => {
    await expect(embedInPlane(points.slice(0, 3), 0)).rejects.toThrow(InputError);
  });
});
