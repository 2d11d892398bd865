/** @file Attention by head, examples of an expert and probabilities of continuations, of every family, against the golden files. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ablate } from '../../src/lens/ablate';
import { attentionHeads } from '../../src/lens/attention-heads';
import { continuationProbabilities } from '../../src/lens/continuation-probabilities';
import { LazyTokenizer } from '../../src/lens/dataset';
import { expertExamples } from '../../src/lens/expert-examples';
import { asMask } from '../../src/lens/expert-list';
import type { OpenedModel, UseModel } from '../../src/lens/opened-model';
import { families } from '../../src/model/families';
import { Model } from '../../src/model/model';
import { AblateRequestSchema } from '../../src/protocol/ablation';
import type { ExpertList } from '../../src/protocol/artifacts';
import { AttentionHeadsRequestSchema } from '../../src/protocol/attention-heads';
import { ExpertExamplesRequestSchema } from '../../src/protocol/expert-examples';
import {
  goldenFolder,
  goldenIsPresent,
  goldenJson,
  goldenRouterWeights,
  goldenTensors,
  goldenTraceRows,
  largestDifference,
  tolerance,
} from '../helpers/golden';
import { scratchFolder } from '../helpers/scratch';

interface GoldenLoss {
  rows: { answer_span: [number, number]; nll_per_token: number[] }[];
  texts: string[];
}
interface GoldenGeneration {
  masked_experts: ExpertList;
  prompts: { prompt_ids: number[]; continuation_ids: number[]; masked_continuation_ids: number[] }[];
}
type Counts = Record<string, number[]>;

/** The user's turn of a golden row. */
const userTurn = (text: string): string => text.split('<|user|>\n')[1].split('\n<|assistant|>')[0];

const userTokenId = 2;
const scratch = scratchFolder();

for (const { name } of families) {
  describe.skipIf(!goldenIsPresent)(`${name} (skipped without the golden files)`, () => {
    const folder = path.join(goldenFolder, name);
    let opened: OpenedModel & { tuned: Model };
    let rows: number[][];
    let loss: GoldenLoss;
    beforeAll(() => {
      const model = Model.open(folder, { threads: 1, memoryBudget: 1e12 });
      const tuned = model.withWeights(goldenRouterWeights(model, name));
      opened = { model, tuned, tokenizer: new LazyTokenizer(model.checkpoint) };
      rows = goldenTraceRows(name);
      loss = goldenJson(name, 'expected/loss.json');
    });
    afterAll(() => opened.model.release());
    const useBase: UseModel = (_, __, work) => work({ model: opened.model, tokenizer: opened.tokenizer });
    const useBoth: UseModel = (_, __, work) => work(opened);
    const common = { model: folder };

    it('attends by head as the reference does', async () => {
      const token = loss.rows[1].answer_span[0] - 1;
      const source = { kind: 'text', text: userTurn(loss.texts[1]) };
      const request = v.parse(AttentionHeadsRequestSchema, { ...common, source, token });
      const { layers, heads, base } = await attentionHeads(request, {}, useBase);
      const trace = goldenTensors(name, 'expected/trace.safetensors');
      for (const layer of layers) {
        const stored = trace.readFloat32(`attn.${layer}`);
        const longest = Math.sqrt(stored.length / (rows.length * heads));
        base[layer].forEach((attention, head) => {
          const start = ((heads + head) * longest + token) * longest;
          const expected = stored.subarray(start, start + token + 1);
          expect(largestDifference(attention, expected)).toBeLessThanOrEqual(tolerance.attention);
        });
      }
    });

    it('finds as many tokens of an expert as the reference counts, before and after tuning', async () => {
      const data = path.join(scratch, `${name}.json`);
      const samples = rows.map((input_ids, i) => ({ input_ids, answer_span: loss.rows[i].answer_span }));
      writeFileSync(data, JSON.stringify({ samples }));
      const method = goldenJson<{ counts: Counts; counts_rt: Counts }>(name, 'expected/method.json');
      const layer = opened.model.moeLayers[1];
      for (const expert of [0, 1]) {
        const request = { ...common, data, layer, expert, max_seq_length: 10_000, top: 10_000 };
        const parsed = v.parse(ExpertExamplesRequestSchema, request);
        const found = await expertExamples(parsed, {}, useBoth);
        expect(found.tokens).toBe(rows.flat().length);
        expect(found.examples_base.length).toBe(method.counts[layer][expert]);
        expect(found.examples_tuned?.length).toBe(method.counts_rt[layer][expert]);
        expect(found.used_base).toBeCloseTo(method.counts[layer][expert] / found.tokens, 12);
      }
    });

    it('gives continuations the probability of the reference, with and without a mask', async () => {
      const { masked_experts } = goldenJson<GoldenGeneration>(name, 'expected/generate.json');
      const masked = goldenTensors(name, 'expected/masked_trace.safetensors').readFloat32('logits');
      const longest = Math.max(...rows.map(({ length }) => length));
      const vocabulary = masked.length / (rows.length * longest);
      for (const [i, { answer_span, nll_per_token }] of loss.rows.entries()) {
        const [start, end] = answer_span;
        const prompt = rows[i].slice(0, start);
        const answer = rows[i].slice(start, end);
        const [probability] = await continuationProbabilities(opened.model, prompt, [answer], {});
        const nll = nll_per_token.reduce((sum, value) => sum + value, 0);
        expect(Math.abs(-Math.log(probability) - nll)).toBeLessThanOrEqual(tolerance.logits);
        const mask = asMask(masked_experts);
        const [under] = await continuationProbabilities(opened.model, prompt, [answer], { mask });
        const maskedNll = answer.reduce((sum, token, at) => {
          const from = (i * longest + start - 1 + at) * vocabulary;
          const row = masked.subarray(from, from + vocabulary);
          const largest = Math.max(...row);
          const total = row.reduce((all, logit) => all + Math.exp(logit - largest), 0);
          return sum + largest + Math.log(total) - row[token];
        }, 0);
        expect(Math.abs(-Math.log(under) - maskedNll)).toBeLessThanOrEqual(tolerance.logits * answer.length);
      }
    });

    it('answers under a mask as the reference does', async () => {
      const { masked_experts, prompts } = goldenJson<GoldenGeneration>(name, 'expected/generate.json');
      const tokenizer = opened.tokenizer.get();
      const variants = [{ name: 'all' }, { name: 'masked', mask: masked_experts }];
      // Others are no chat prompts.
      const asked = prompts.filter(({ prompt_ids: [, second] }) => second === userTokenId);
      expect(asked.length).toBeGreaterThan(0);
      for (const { prompt_ids, continuation_ids, masked_continuation_ids } of asked) {
        const source = { kind: 'text', text: userTurn(tokenizer.decode(prompt_ids)) };
        const parsed = v.parse(AblateRequestSchema, { ...common, source, variants, max_new_tokens: 12 });
        const found = await ablate(parsed, {}, useBase);
        // The reference goes on after an end-of-sequence token.
        const said = (ids: number[]): string => {
          const end = ids.indexOf(tokenizer.eosTokenId ?? -1);
          return tokenizer.decode(end < 0 ? ids : ids.slice(0, end));
        };
        expect(found.variants.map(({ answer }) => answer)).toEqual(
          [continuation_ids, masked_continuation_ids].map(said),
        );
      }
    });
  });
}
