/** @file What the panel shows of a prompt, of every supported family, against the golden files: attention, lens, masks. */
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { asMask } from '../../src/lens/expert-list';
import { routingSide } from '../../src/lens/routing-side';
import type { SourcePrompt } from '../../src/lens/source-prompt';
import { families } from '../../src/model/families';
import { Model } from '../../src/model/model';
import type { ExpertList } from '../../src/protocol/artifacts';
import {
  goldenFolder,
  goldenIsPresent,
  goldenJson,
  goldenRouterWeights,
  goldenTensors,
  goldenTraceRows,
  largestDifference,
  packGolden,
} from '../helpers/golden';

type Span = [number, number];
interface GoldenSample {
  answer_span: Span;
  context_span: Span;
  answer_span_in_context: Span;
  A_context_base: number[];
  A_context_rt: number[];
  A_answer_base: number[];
  lens_prob_base: number[];
  lens_prob_rt: number[];
}

const tolerance = 1e-5;

function promptOf(inputIds: readonly number[], sample: GoldenSample): SourcePrompt {
  const { answer_span, context_span, answer_span_in_context } = sample;
  return {
    inputIds,
    text: '',
    offsets: [],
    source: { start: 0, end: 0 },
    spans: { answer: answer_span, context: context_span, answerInContext: answer_span_in_context },
    lastPromptToken: answer_span[0] - 1,
    answer: { text: '', inputIds: inputIds.slice(...answer_span).slice(0, -1) },
  };
}

for (const { name } of families) {
  describe.skipIf(!goldenIsPresent)(`${name} (skipped without the golden files)`, () => {
    let model: Model;
    let rows: number[][];
    let samples: GoldenSample[];
    beforeAll(() => {
      model = Model.open(path.join(goldenFolder, name), { threads: 1, memoryBudget: 1e12 });
      rows = goldenTraceRows(name);
      ({ samples } = goldenJson<{ samples: GoldenSample[] }>(name, 'expected/method.json'));
    });
    afterAll(() => model.release());

    it('gives attention to the spans and the probability of the answer, by layer', async () => {
      const tuned = model.withWeights(goldenRouterWeights(model, name));
      for (const [i, sample] of samples.entries()) {
        const prompt = promptOf(rows[i], sample);
        const before = await routingSide(model, prompt, {}, {});
        const after = await routingSide(tuned, prompt, {}, {});
        for (const [shown, expected] of [
          [before.attention_to_context, sample.A_context_base],
          [after.attention_to_context, sample.A_context_rt],
          [before.attention_to_answer, sample.A_answer_base],
          [before.answer_probability, sample.lens_prob_base],
          [after.answer_probability, sample.lens_prob_rt],
        ])
          expect(largestDifference(shown, expected)).toBeLessThanOrEqual(tolerance);
      }
    });

    it('routes past masked experts', async () => {
      const { masked_experts } = goldenJson<{ masked_experts: ExpertList }>(name, 'expected/generate.json');
      const golden = goldenTensors(name, 'expected/masked_trace.safetensors');
      const lengths = rows.map(({ length }) => length);
      const longest = Math.max(...lengths);
      const sides = [];
      for (const [i, sample] of samples.entries())
        sides.push(await routingSide(model, promptOf(rows[i], sample), {}, { mask: asMask(masked_experts) }));
      for (const [place, layer] of model.moeLayers.entries()) {
        const indices = Array.from(golden.readInt(`topk_indices.${layer}`), Number);
        expect(sides.flatMap(side => side.topk_indices[place])).toEqual(
          Array.from(packGolden(indices, lengths, longest)),
        );
        const weights = packGolden(golden.readFloat32(`topk_weights.${layer}`), lengths, longest);
        const shown = sides.flatMap(side => side.topk_weights[place]);
        expect(largestDifference(shown, weights)).toBeLessThanOrEqual(1e-4);
      }
    });
  });
}
