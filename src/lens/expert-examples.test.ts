/** @file Tokens that go to an expert, on a small model: all of them found by plain traces, sample by sample. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';
import { afterAll, describe, expect, it } from 'vitest';

import { writeRouterRun } from '../../test/helpers/run';
import { scratchFolder } from '../../test/helpers/scratch';
import { byteTokenId, tinyQwen3, tinyWeights, writeTinyCheckpoint } from '../../test/helpers/tiny-checkpoint';
import { InputError } from '../common/errors';
import { tokenizeSample } from '../data/tokenized-sample';
import { Model } from '../model/model';
import { packRows } from '../model/packed-batch';
import { traceBatch } from '../model/trace';
import {
  type ExpertExamplesRequestInput,
  ExpertExamplesRequestSchema,
  type ExpertExamplesResult,
} from '../protocol/expert-examples';
import { LazyTokenizer } from './dataset';
import { expertExamples } from './expert-examples';
import { tunedVariant } from './variant';

const scratch = scratchFolder();
const folder = writeTinyCheckpoint(path.join(scratch, 'tiny'));
const model = Model.open(folder, { threads: 1, memoryBudget: 1e12 });
afterAll(() => model.release());
const run = writeRouterRun(path.join(scratch, 'run'), model, 3).path;
const tuned = tunedVariant(run, model).model;

const texts = ['red', 'blue', 'green'].map(answer => ({
  ...{ context: `The café is ${answer}.`, question: 'What colour?', answers: [answer] },
}));
const data = path.join(scratch, 'samples.json');
writeFileSync(data, JSON.stringify(texts.map(({ answers, ...text }) => ({ ...text, answer: answers }))));
const tokenizer = new LazyTokenizer(model.checkpoint).get();
const samples = texts.map(text => tokenizeSample(tokenizer, text));

function examples(some: Partial<ExpertExamplesRequestInput> = {}): Promise<ExpertExamplesResult> {
  const request = { model: folder, data, layer: 1, expert: 2, engine: { threads: 1 }, ...some };
  return expertExamples(v.parse(ExpertExamplesRequestSchema, request));
}

interface Sent {
  sample: number;
  position: number;
  weight: number;
}

/** All tokens that a layer sends to an expert, largest weight first. */
async function sentTo(of: Model, layer: number, expert: number): Promise<Sent[]> {
  const found: Sent[] = [];
  for (const [sample, { inputIds }] of samples.entries()) {
    const { moe } = await traceBatch(of, packRows([inputIds]));
    const { topkIndices, topkWeights } = moe.get(layer) ?? { topkIndices: [], topkWeights: [] };
    topkIndices.forEach((chosen, slot) => {
      if (chosen === expert)
        found.push({ sample, position: Math.floor(slot / 2), weight: topkWeights[slot] });
    });
  }
  return found.sort((a, b) => b.weight - a.weight);
}

const tokens = samples.reduce((sum, { inputIds }) => sum + inputIds.length, 0);

function expectSame(actual: ExpertExamplesResult['examples_base'], wanted: Sent[]): void {
  expect(actual.map(({ sample, position }) => [sample, position])).toEqual(
    wanted.map(({ sample, position }) => [sample, position]),
  );
  wanted.forEach(({ weight }, i) => expect(actual[i].weight).toBeCloseTo(weight, 5));
}

describe('expertExamples', () => {
  it.each([0, 1])('finds all tokens that layer %i sends to an expert, by weight', async layer => {
    const found = await examples({ layer, expert: 1, run, top: 1000 });
    const [before, after] = [await sentTo(model, layer, 1), await sentTo(tuned, layer, 1)];
    expect(before.length).toBeGreaterThan(10);
    expect(found).toMatchObject({ samples: 3, tokens });
    expectSame(found.examples_base, before);
    expectSame(found.examples_tuned ?? [], after);
    expect(found.used_base).toBeCloseTo(before.length / tokens, 12);
    expect(found.used_tuned).toBeCloseTo(after.length / tokens, 12);
  });

  it('shows the largest only, and one side without a run', async () => {
    const found = await examples({ top: 3 });
    expectSame(found.examples_base, (await sentTo(model, 1, 2)).slice(0, 3));
    expect(found).not.toHaveProperty('used_tuned');
    expect(found).not.toHaveProperty('examples_tuned');
  });

  it('shows each token in its text and says what it belongs to', async () => {
    const { examples_base } = await examples({ top: 1000 });
    for (const { sample, position, before, text, after, span } of examples_base) {
      const whole = samples[sample].text ?? '';
      const id = samples[sample].inputIds[position];
      expect(whole).toContain(before + text + after);
      if (id > byteTokenId(0) && id < byteTokenId(128))
        expect(text).toBe(String.fromCharCode(id - byteTokenId(0)));
      const { context, answer } = samples[sample].spans;
      const within = ([start, end] = [0, 0]): boolean => position >= start && position < end;
      expect(span === 'context').toBe(within(context));
      expect(span === 'answer').toBe(within(answer));
    }
    const spans = new Set(examples_base.map(({ span }) => span));
    expect(spans).toContain('context');
    expect(spans).toContain('template');
    // Sixteen tokens on either side; é is one character of two tokens.
    const inside = examples_base.find(({ position }) => position > 40 && position < 60);
    expect(inside?.before.length).toBeGreaterThanOrEqual(14);
    expect(inside?.before.length).toBeLessThanOrEqual(16);
  });

  it('draws some samples, the same for the same seed', async () => {
    const few = await examples({ limit: 2, seed: 3, top: 1000 });
    expect(few.samples).toBe(2);
    expect(await examples({ limit: 2, seed: 3, top: 1000 })).toEqual(few);
  });

  it('shows samples of tokens decoded', async () => {
    const file = path.join(scratch, 'tokens.json');
    const { inputIds, spans } = samples[0];
    writeFileSync(file, JSON.stringify([{ input_ids: inputIds, answer_span: spans.answer }]));
    const { examples_base } = await examples({ data: file, top: 1000 });
    const at = examples_base.find(({ position }) => position > 30 && position < 40);
    const expected = tokenizer.decode([inputIds[at?.position ?? 0]]);
    expect(at?.text).toBe(expected);
    expect(at?.before.endsWith(tokenizer.decode([inputIds[(at?.position ?? 0) - 1]]))).toBe(true);
  });

  const mixed = writeTinyCheckpoint(path.join(scratch, 'mixed'), tinyWeights(0, tinyQwen3), tinyQwen3);
  it.each<[string, Partial<ExpertExamplesRequestInput>, RegExp]>([
    ['a layer without a router', { model: mixed, layer: 0 }, /Layer 0 has no router\. MoE layers: 1\./],
    ['an expert that is not there', { expert: 4 }, /no expert 4; it has 4/],
  ])('refuses %s', async (_, some, message) => {
    const refused = examples(some);
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow(message);
  });
});
