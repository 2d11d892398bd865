/** @file Every supported family against the golden checkpoints: trace, continuations, loss, gradients. */
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { HostTensor } from '../../src/engine/session';
import { asMask } from '../../src/lens/expert-list';
import { families } from '../../src/model/families';
import { generateGreedily } from '../../src/model/generate';
import { Model } from '../../src/model/model';
import { packRows } from '../../src/model/packed-batch';
import { type Trace, traceBatch } from '../../src/model/trace';
import { type WeightGradients, weightGradients } from '../../src/model/weight-gradients';
import { namedWeights } from '../../src/model/weight-names';
import { readWeights } from '../../src/model/weight-values';
import {
  expectGradient,
  expectWithin,
  goldenFolder,
  goldenIsPresent,
  goldenJson,
  goldenTensors,
  largestDifference,
  packGolden,
  tolerance,
} from '../helpers/golden';

interface Loss {
  loss: number;
  rows: { answer_span: [number, number] }[];
}

interface Meta {
  moe_layers: number[];
}

interface Generation {
  max_new_tokens: number;
  masked_experts: Record<string, number[]>;
  prompts: { prompt_ids: number[]; continuation_ids: number[]; masked_continuation_ids: number[] }[];
}

/** Memory budgets that make the two memory modes. */
const modes = { resident: 1e12, mapped: 1 };

for (const family of families) {
  for (const [mode, memoryBudget] of Object.entries(modes)) {
    describe.skipIf(!goldenIsPresent)(`${family.name}, ${mode} (skipped without the golden files)`, () => {
      let model: Model;
      let trace: Trace;
      const golden = goldenIsPresent ? goldenTensors(family.name, 'expected/trace.safetensors') : undefined;
      const read = (name: string): Float32Array => {
        if (!golden) throw new Error('no golden files');
        return golden.readFloat32(name);
      };
      let rows: number[][];
      let lengths: number[];
      let longest: number;

      beforeAll(async () => {
        const ids = golden?.readInt('input_ids') ?? [];
        lengths = Array.from(golden?.readInt('lengths') ?? [], Number);
        longest = ids.length / lengths.length;
        rows = lengths.map((length, b) => Array.from(ids.slice(b * longest, b * longest + length), Number));
        model = Model.open(path.join(goldenFolder, family.name), { threads: 1, memoryBudget });
        trace = await traceBatch(model, packRows(rows), { attention: true, hidden: true, logits: true });
      });
      afterAll(() => model.release());

      const within = (quantity: string, error: number, limit: number): void =>
        expectWithin({ family: family.name, quantity }, error, limit);
      const real = (name: string): Float64Array => packGolden(read(name), lengths, longest);

      it('runs in the memory mode that the budget asks for', () => {
        expect(model.plan.memoryMode).toBe(mode);
      });

      it('knows which layers have a router', () => {
        expect(model.moeLayers).toEqual(goldenJson<Meta>(family.name, 'expected/meta.json').moe_layers);
        expect([...trace.moe.keys()]).toEqual(model.moeLayers);
      });

      it('gives the logits', () => {
        within('logits', largestDifference(floats(trace.logits), real('logits')), tolerance.logits);
        within(
          'hidden states',
          largestDifference(floats(trace.finalNorm), real('final_norm')),
          tolerance.hidden,
        );
      });

      it('gives the hidden states', () => {
        expect(trace.hidden.length).toBe(model.architecture.layers.length + 1);
        trace.hidden.forEach((hidden, layer) => {
          within(
            'hidden states',
            largestDifference(floats(hidden), real(`hidden.${layer}`)),
            tolerance.hidden,
          );
        });
      });

      it('routes every token to the same experts with the same weights', () => {
        for (const layer of model.moeLayers) {
          const routed = trace.moe.get(layer);
          if (!routed) throw new Error(`layer ${layer} is missing`);
          const indices = packGolden(
            golden?.readInt(`topk_indices.${layer}`).map(Number) ?? [],
            lengths,
            longest,
          );
          within(
            'router logits and weights',
            largestDifference(routed.routerLogits, real(`router_logits.${layer}`)),
            tolerance.routerLogits,
          );
          expect([...routed.topkIndices]).toEqual([...indices]);
          within(
            'router logits and weights',
            largestDifference(routed.topkWeights, real(`topk_weights.${layer}`)),
            tolerance.routerLogits,
          );
        }
      });

      it('gives the attention', () => {
        expect(trace.attention.length).toBe(model.architecture.layers.length);
        let largest = 0;
        trace.attention.forEach((attention, layer) => {
          const [, heads] = attention.shape;
          const expected = read(`attn.${layer}`);
          const actual = floats(attention);
          for (let b = 0; b < lengths.length; b++) {
            for (let h = 0; h < heads; h++) {
              const start = (b * heads + h) * longest * longest;
              const row = (values: Float32Array, t: number): Float32Array =>
                values.subarray(start + t * longest, start + (t + 1) * longest);
              for (let t = 0; t < lengths[b]; t++)
                largest = Math.max(largest, largestDifference(row(actual, t), row(expected, t)));
            }
          }
        });
        within('attention', largest, tolerance.attention);
      });

      it('continues prompts greedily, with and without masked experts', async () => {
        const golden = goldenJson<Generation>(family.name, 'expected/generate.json');
        const prompts = golden.prompts.map(({ prompt_ids }) => prompt_ids);
        const options = { maxNewTokens: golden.max_new_tokens };
        const free = await generateGreedily(model, prompts, options);
        const masked = await generateGreedily(model, prompts, {
          ...options,
          mask: asMask(golden.masked_experts),
        });
        expect(free).toEqual(golden.prompts.map(({ continuation_ids }) => continuation_ids));
        expect(masked).toEqual(golden.prompts.map(({ masked_continuation_ids }) => masked_continuation_ids));
      });

      const gradients = async (names: readonly string[]): Promise<WeightGradients> => {
        const { rows: answers } = goldenJson<Loss>(family.name, 'expected/loss.json');
        const spans = answers.map(row => row.answer_span);
        const tuned = model.withWeights({ tensors: readWeights(model.checkpoint, names) });
        return weightGradients(tuned, packRows(rows), answerTargets(rows, spans));
      };

      it.each([
        ['the routers', 'grads_router'],
        ['experts, attention and embedding', 'grads_experts'],
      ])('gives the loss and the gradients of %s', async (what, file) => {
        const expected = goldenTensors(family.name, `expected/${file}.safetensors`);
        const names = [...expected.tensors.keys()];
        const found = await gradients(names);
        const { loss } = goldenJson<Loss>(family.name, 'expected/loss.json');
        within('loss', Math.abs(found.loss - loss), tolerance.loss);
        expect([...found.gradients.keys()].sort()).toEqual([...names].sort());
        for (const [name, gradient] of found.gradients)
          expectGradient(
            { family: family.name, quantity: `gradients of ${what}` },
            gradient,
            expected.readFloat32(name),
          );
      });

      it('gives the gradients of all weights at once', async () => {
        const found = await gradients([...namedWeights(model.architecture).keys()]);
        for (const file of ['grads_router', 'grads_experts']) {
          const expected = goldenTensors(family.name, `expected/${file}.safetensors`);
          for (const name of expected.tensors.keys())
            expectGradient(
              { family: family.name, quantity: 'gradients of all weights' },
              found.gradients.get(name) ?? [],
              expected.readFloat32(name),
            );
        }
        expect([...found.gradients.values()].filter(gradient => !gradient.every(Number.isFinite))).toEqual(
          [],
        );
      });
    });
  }
}

function answerTargets(rows: number[][], spans: [number, number][]): { rows: number[]; targets: number[] } {
  const result = { rows: [] as number[], targets: [] as number[] };
  let start = 0;
  rows.forEach((row, b) => {
    for (let t = spans[b][0]; t < spans[b][1]; t++) {
      result.rows.push(start + t - 1);
      result.targets.push(row[t]);
    }
    start += row.length;
  });
  return result;
}

function floats(tensor: HostTensor | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) throw new Error('expected float32 values');
  return tensor.data;
}
