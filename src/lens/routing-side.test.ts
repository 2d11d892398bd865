/** @file The answer's probability by layer, and routing under a mask, on a small model: by formula and by plain passes. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';
import { afterAll, describe, expect, it } from 'vitest';

import { writeRouterRun } from '../../test/helpers/run';
import { scratchFolder } from '../../test/helpers/scratch';
import { byteTokenId, writeTinyCheckpoint } from '../../test/helpers/tiny-checkpoint';
import { InputError } from '../common/errors';
import { generateGreedily } from '../model/generate';
import { Model } from '../model/model';
import { packRows } from '../model/packed-batch';
import { type Trace, traceBatch } from '../model/trace';
import { type TraceRequestInput, TraceRequestSchema } from '../protocol/jobs';
import { type RoutingView, RoutingViewSchema } from '../protocol/routing-view';
import { traceRouting } from './routing-view';
import { tunedVariant } from './variant';

const scratch = scratchFolder();
const folder = writeTinyCheckpoint(path.join(scratch, 'tiny'));
const model = Model.open(folder, { threads: 1, memoryBudget: 1e12 });
afterAll(() => model.release());

const sample = { context: 'The café is red, red all over.', question: 'What colour?', answer: 'red' };
const dataset = path.join(scratch, 'samples.json');
writeFileSync(dataset, JSON.stringify([sample]));
const source = { kind: 'sample', file: dataset, index: 0 } as const;

const run = writeRouterRun(path.join(scratch, 'run-1'), model, 2).path;
const tuned = tunedVariant(run, model).model;

function view(request: Omit<TraceRequestInput, 'model'>): Promise<RoutingView> {
  const engine = { threads: 1 };
  return traceRouting(v.parse(TraceRequestSchema, { model: folder, engine, ...request }));
}

function expectAllClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 5));
}

/** Softmax by hand of the head's logits for each hidden state at the last prompt token: the probability of `token`. */
async function lensByHand(trace: Trace, lastPromptToken: number, token: number): Promise<number[]> {
  const [, ...afterLayers] = trace.hidden;
  return Promise.all(
    afterLayers.map(async hidden => {
      const logits = Array.from((await model.head.logits(hidden, [lastPromptToken])).data as Float32Array);
      const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0);
      return Math.exp(logits[token]) / sum;
    }),
  );
}

describe('the probability of the answer by layer', () => {
  const traced = ({ tokens }: RoutingView, of = model): Promise<Trace> =>
    traceBatch(of, packRows([tokens.map(({ id }) => id)]), { hidden: true });

  it('is that of the first token of a sample’s answer, before and after tuning', async () => {
    const shown = await view({ run, source });
    expect(shown.answer).toBe(sample.answer);
    const first = byteTokenId('r'.charCodeAt(0));
    const last = shown.last_prompt_token;
    const before = shown.base.answer_probability;
    const after = shown.tuned?.answer_probability ?? [];
    expectAllClose(before, await lensByHand(await traced(shown), last, first));
    expectAllClose(after, await lensByHand(await traced(shown, tuned), last, first));
    expect(after).not.toEqual(before);
  });

  it('stays that of the sample’s answer where the model’s own takes its place in the prompt', async () => {
    const shown = await view({ source, max_new_tokens: 2 });
    expect(shown.answer).toBe(sample.answer);
    expectAllClose(shown.base.answer_probability, (await view({ source })).base.answer_probability);
  });

  it('is that of what the model says to a text, and absent if it is not asked', async () => {
    const text = { kind: 'text', text: 'Hello' } as const;
    const silent = await view({ source: text });
    expect(silent).not.toHaveProperty('answer');
    expect(silent.base.answer_probability).toEqual([]);
    const shown = await view({ source: text, max_new_tokens: 2 });
    const said = shown.tokens.filter(({ span }) => span === 'generated');
    expect(said.length).toBe(2);
    expect(shown.answer).toBe(shown.text.slice(said[0].start, said[1].end));
    const expected = await lensByHand(await traced(shown), shown.last_prompt_token, said[0].id);
    expectAllClose(shown.base.answer_probability, expected);
  });
});

describe('traceRouting under a mask', () => {
  const mask = { name: 'readers', experts: { 0: [1], 1: [2, 3] } };
  const passMask = new Map(Object.entries(mask.experts).map(([layer, list]) => [Number(layer), list]));

  it('sends no token of either side to the masked experts, and says whose mask it is', async () => {
    const shown = await view({ run, source, mask });
    expect(v.parse(RoutingViewSchema, shown)).toEqual(shown);
    expect(shown.mask_name).toBe('readers');
    expect(await view({ run, source })).not.toHaveProperty('mask_name');
    for (const [side, of] of [
      [shown.base, model],
      [shown.tuned, tuned],
    ] as const) {
      const batch = packRows([shown.tokens.map(({ id }) => id)]);
      const { moe } = await traceBatch(of, batch, { mask: passMask });
      expect(side?.topk_indices).toEqual([...moe.values()].map(({ topkIndices }) => [...topkIndices]));
      expect(new Set(side?.topk_indices[1])).toEqual(new Set([0, 1]));
      expect(side?.topk_indices[0]).not.toContain(1);
      for (const entropy of side?.router_entropy.flat() ?? []) expect(entropy).toBeLessThanOrEqual(1);
    }
  });

  it('generates under it', async () => {
    const text = { kind: 'text', text: 'Who?' } as const;
    const shown = await view({ source: text, max_new_tokens: 6, mask });
    const ids = shown.tokens.slice(0, shown.last_prompt_token + 1).map(({ id }) => id);
    const options = { maxNewTokens: 6, eosTokenId: 0 };
    const [masked] = await generateGreedily(model, [ids], { ...options, mask: passMask });
    expect(shown.tokens.map(({ id }) => id)).toEqual([...ids, ...masked]);
    expect(await generateGreedily(model, [ids], options)).not.toEqual([masked]);
  });

  it.each([
    ['a layer without experts enough', { 0: [0, 1, 2] }, /"readers": layer 0 would keep 1 of 4/],
    ['a layer that is not there', { 7: [0] }, /"readers": layer 7 has no router/],
    ['an expert that is not there', { 0: [9] }, /"readers": layer 0 has no expert 9/],
  ])('refuses %s', async (_, experts, message) => {
    const refused = view({ source, mask: { name: 'readers', experts } });
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow(message);
  });
});
