/** @file Attention gain, logit lens and answer probability gain of every supported family against the golden files. */
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { TokenizedSample } from '../../src/data/tokenized-sample';
import { attentionGain, type PromptAttention, promptAttention } from '../../src/lens/analyses/attention';
import { relativeGain } from '../../src/lens/analyses/bootstrap';
import { answerProbabilities, answerProbabilityGain } from '../../src/lens/analyses/logit-lens';
import { baseVariant, type Variant } from '../../src/lens/variant';
import { families } from '../../src/model/families';
import { Model } from '../../src/model/model';
import type { Estimate } from '../../src/protocol/evaluation';
import {
  goldenFolder,
  goldenIsPresent,
  goldenJson,
  goldenRouterWeights,
  goldenTraceRows,
} from '../helpers/golden';

type Span = [number, number];
/** [layer]; null where the base is 0. */
type ByLayer = readonly (number | null)[];

interface GoldenSample {
  last_prompt_token: number;
  first_answer_token_id: number;
  answer_span: Span;
  context_span: Span;
  answer_span_in_context: Span;
  A_context_base: number[];
  A_context_rt: number[];
  A_answer_base: number[];
  A_answer_rt: number[];
  CAG: ByLayer;
  AAG: ByLayer;
  lens_prob_base: number[];
  lens_prob_rt: number[];
  lens_prob_embedding_base: number;
  lens_prob_embedding_rt: number;
  APG: number[];
}

interface GoldenMethod {
  samples: GoldenSample[];
  CAG_mean_of_samples: ByLayer;
  AAG_mean_of_samples: ByLayer;
  APG_mean_of_samples: number[];
  CAG_of_mean_attention: ByLayer;
  AAG_of_mean_attention: ByLayer;
}

const tolerance = 1e-5;
/** Of formulas on the reference's own numbers. */
const exact = 1e-12;
const seed = 0;

/** Within the tolerance, one for all or one for each, and null in the same places. */
function expectSame(actual: ByLayer, expected: ByLayer, allowed: number | number[] = tolerance): void {
  const isNull = (values: ByLayer): boolean[] => values.map(value => value === null);
  expect(isNull(actual)).toEqual(isNull(expected));
  actual.forEach((value, i) => {
    const limit = typeof allowed === 'number' ? allowed : allowed[i];
    expect(Math.abs((value ?? 0) - (expected[i] ?? 0))).toBeLessThanOrEqual(limit);
  });
}

/** Gains divide by attention that may be small, and with it the reference's own rounding (`noise.json`). */
function gainTolerances(gains: ByLayer, base: readonly number[], noise: number): number[] {
  return gains.map((gain, layer) =>
    gain === null ? 0 : tolerance + (noise * (2 + Math.abs(gain))) / base[layer],
  );
}

/** null: not defined. */
function gainOf(before: number, after: number): number | null {
  const gain = relativeGain(before, after);
  return Number.isNaN(gain) ? null : gain;
}

const valuesOf = (estimates: readonly Estimate[] = []): ByLayer => estimates.map(({ value }) => value);

for (const { name } of families) {
  describe.skipIf(!goldenIsPresent)(`${name} (skipped without the golden files)`, () => {
    let model: Model;
    let golden: GoldenMethod;
    let samples: TokenizedSample[];
    let base: Variant;
    let tuned: Variant;
    beforeAll(() => {
      model = Model.open(path.join(goldenFolder, name), { threads: 1, memoryBudget: 1e12 });
      golden = goldenJson(name, 'expected/method.json');
      samples = goldenTraceRows(name).map((inputIds, i) => {
        const { answer_span, context_span, answer_span_in_context } = golden.samples[i];
        const spans = { answer: answer_span, context: context_span, answerInContext: answer_span_in_context };
        return { inputIds, spans };
      });
      base = baseVariant(model);
      tuned = { name: 'router-tuned', model: model.withWeights(goldenRouterWeights(model, name)), pass: {} };
    });
    afterAll(() => model.release());

    it('sums the attention from the last prompt token', async () => {
      const noise = goldenJson<Record<string, number>>(name, 'expected/noise.json');
      const before = await promptAttention(base, samples);
      const after = await promptAttention(tuned, samples);
      const expectGains = (sample: number, span: keyof PromptAttention, expected: ByLayer): void => {
        const values = before[sample][span] ?? [];
        const gains = values.map((value, layer) => gainOf(value, after[sample][span]?.[layer] ?? NaN));
        expectSame(gains, expected, gainTolerances(expected, values, noise['method.attention_and_lens']));
      };
      golden.samples.forEach((expected, i) => {
        expect(samples[i].spans.answer[0] - 1).toBe(expected.last_prompt_token);
        expectSame(before[i].context ?? [], expected.A_context_base);
        expectSame(after[i].context ?? [], expected.A_context_rt);
        expectSame(before[i].answer ?? [], expected.A_answer_base);
        expectSame(after[i].answer ?? [], expected.A_answer_rt);
        expectGains(i, 'context', expected.CAG);
        expectGains(i, 'answer', expected.AAG);
      });
    });

    it('calculates the gains of means and the means of gains', () => {
      const side = (context: 'A_context_base' | 'A_context_rt', answer: 'A_answer_base' | 'A_answer_rt') =>
        golden.samples.map(sample => ({ context: sample[context], answer: sample[answer] }));
      const before = side('A_context_base', 'A_answer_base');
      const after = side('A_context_rt', 'A_answer_rt');
      const { context, answer } = attentionGain(before, after, seed);
      expectSame(valuesOf(context?.gain), golden.CAG_of_mean_attention, exact);
      expectSame(valuesOf(answer?.gain), golden.AAG_of_mean_attention, exact);
      expectSame(valuesOf(context?.mean_of_gains), golden.CAG_mean_of_samples, exact);
      expectSame(valuesOf(answer?.mean_of_gains), golden.AAG_mean_of_samples, exact);
    });

    it('reads the probability of the first answer token off every layer, and its gain', async () => {
      const before = await answerProbabilities(base, samples);
      const after = await answerProbabilities(tuned, samples);
      golden.samples.forEach((expected, i) => {
        expect(samples[i].inputIds[samples[i].spans.answer[0]]).toBe(expected.first_answer_token_id);
        expectSame(before[i], [expected.lens_prob_embedding_base, ...expected.lens_prob_base]);
        expectSame(after[i], [expected.lens_prob_embedding_rt, ...expected.lens_prob_rt]);
      });
      expectSame(valuesOf(answerProbabilityGain(before, after, seed).gain), golden.APG_mean_of_samples);
    });
  });
}
