/** @file Ablations on a small model: what is said under a mask or to other words, its probability from logits by hand. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';
import { afterAll, describe, expect, it } from 'vitest';

import { writeRouterRun } from '../../test/helpers/run';
import { scratchFolder } from '../../test/helpers/scratch';
import { byteTokenId, writeTinyCheckpoint } from '../../test/helpers/tiny-checkpoint';
import { InputError } from '../common/errors';
import { renderUserTurn } from '../data/prompt';
import { tokenizeUserTurn } from '../data/tokenized-sample';
import { generateGreedily } from '../model/generate';
import { Model } from '../model/model';
import { packRows } from '../model/packed-batch';
import type { ExpertMask } from '../model/pass-options';
import { traceBatch } from '../model/trace';
import { type AblateRequestInput, AblateRequestSchema, type AblateResult } from '../protocol/ablation';
import type { Progress } from '../protocol/jobs';
import { ablate } from './ablate';
import { LazyTokenizer } from './dataset';
import { tunedVariant } from './variant';

const scratch = scratchFolder();
const folder = writeTinyCheckpoint(path.join(scratch, 'tiny'));
const model = Model.open(folder, { threads: 1, memoryBudget: 1e12 });
afterAll(() => model.release());
const tokenizer = new LazyTokenizer(model.checkpoint).get();
const run = writeRouterRun(path.join(scratch, 'run'), model, 3).path;
const tuned = tunedVariant(run, model).model;

const sample = {
  context: 'The café is red, red all over.',
  question: 'What colour?',
  answer: ['red', 'Red'],
};
const dataset = path.join(scratch, 'samples.json');
writeFileSync(dataset, JSON.stringify([sample, { input_ids: [4, 5, 6], answer_span: [2, 3] }]));
const ofSample = { kind: 'sample', file: dataset, index: 0 } as const;
const ofText = { kind: 'text', text: 'Who?' } as const;
const mask = { 0: [1], 1: [2, 3] };
const passMask: ExpertMask = new Map([
  [0, [1]],
  [1, [2, 3]],
]);
const maxNewTokens = 4;

function ablated(request: Omit<AblateRequestInput, 'model'>): Promise<AblateResult> {
  const parsed = v.parse(AblateRequestSchema, {
    ...{ model: folder, engine: { threads: 1 }, max_new_tokens: maxNewTokens },
    ...request,
  });
  return ablate(parsed);
}

const promptOf = (text: string): number[] => tokenizeUserTurn(tokenizer, text).inputIds;
const promptOfSample = (context: string): number[] =>
  promptOf(renderUserTurn({ context, question: sample.question }));
const bytesOf = (text: string): number[] => [...Buffer.from(text)].map(byteTokenId);

function said(of: Model, prompt: number[], masked?: ExpertMask): Promise<number[]> {
  const options = { maxNewTokens, eosTokenId: 0, ...(masked ? { mask: masked } : {}) };
  return generateGreedily(of, [prompt], options).then(([ids]) => ids);
}

/** The product of softmax probabilities from the logits of a plain pass. */
async function joint(of: Model, prompt: number[], tokens: number[], masked?: ExpertMask): Promise<number> {
  const options = { logits: true, ...(masked ? { mask: masked } : {}) };
  const { logits } = await traceBatch(of, packRows([[...prompt, ...tokens]]), options);
  const [, vocabulary] = logits?.shape ?? [];
  const values = logits?.data as Float32Array;
  return tokens.reduce((product, token, i) => {
    const row = Array.from(values.subarray((prompt.length - 1 + i) * vocabulary).subarray(0, vocabulary));
    return (product * Math.exp(row[token])) / row.reduce((sum, logit) => sum + Math.exp(logit), 0);
  }, 1);
}

const expectClose = (actual: number, expected: number): void =>
  expect(Math.abs(actual / expected - 1)).toBeLessThan(1e-4);

describe('of a sample', () => {
  it('answers with and without the experts and compares with the sample’s answer', async () => {
    const prompt = promptOfSample(sample.context);
    const variants = [{ name: 'all experts' }, { name: 'masked', mask }];
    const { reference, variants: found } = await ablated({ source: ofSample, variants });
    expect(reference).toBe('red');
    expect(found.map(({ name }) => name)).toEqual(['all experts', 'masked']);
    for (const [i, masked] of [undefined, passMask].entries()) {
      const ids = await said(model, prompt, masked);
      expect(found[i].answer).toBe(tokenizer.decode(ids));
      expectClose(found[i].answer_probability, await joint(model, prompt, ids, masked));
      expectClose(found[i].reference_probability, await joint(model, prompt, bytesOf('red'), masked));
    }
    expect(found[0].reference_probability).not.toBeCloseTo(found[1].reference_probability, 12);
  });

  it('answers to another context', async () => {
    const variants = [{ name: 'blue', context: 'It is blue.' }];
    const { reference, variants: found } = await ablated({ source: ofSample, variants });
    const prompt = promptOfSample('It is blue.');
    expect(reference).toBe('red');
    expect(found[0].answer).toBe(tokenizer.decode(await said(model, prompt)));
    expectClose(found[0].reference_probability, await joint(model, prompt, bytesOf('red')));
  });
});

describe('of a text', () => {
  it('compares with what the model says with all experts', async () => {
    const prompt = promptOf(ofText.text);
    const ids = await said(model, prompt);
    const masked = await said(model, prompt, passMask);
    expect(masked).not.toEqual(ids);
    const variants = [{ name: 'all experts' }, { name: 'masked', mask }];
    const { reference, variants: found } = await ablated({ source: ofText, variants });
    expect(reference).toBe(tokenizer.decode(ids));
    expect(found[0].answer).toBe(reference);
    expect(found[0].reference_probability).toBe(found[0].answer_probability);
    expect(found[1].answer).toBe(tokenizer.decode(masked));
    expectClose(found[1].reference_probability, await joint(model, prompt, ids, passMask));
  });

  it('answers to another text', async () => {
    const variants = [{ name: 'edited', text: 'Where?' }];
    const { variants: found } = await ablated({ source: ofText, variants });
    const prompt = promptOf('Where?');
    const ids = await said(model, prompt);
    expect(found[0].answer).toBe(tokenizer.decode(ids));
    expectClose(found[0].answer_probability, await joint(model, prompt, ids));
  });

  it('is answered by the tuned model where there is a run', async () => {
    const prompt = promptOf(ofText.text);
    const ids = await said(tuned, prompt);
    expect(ids).not.toEqual(await said(model, prompt));
    const { reference, variants: found } = await ablated({
      run,
      source: ofText,
      variants: [{ name: 'masked', mask }],
    });
    expect(reference).toBe(tokenizer.decode(ids));
    expectClose(found[0].reference_probability, await joint(tuned, prompt, ids, passMask));
  });
});

it('tells which variant is at work', async () => {
  const seen: Progress[] = [];
  const variants = [{ name: 'a' }, { name: 'b' }];
  const request = { model: folder, engine: { threads: 1 }, source: ofText, variants, max_new_tokens: 1 };
  await ablate(v.parse(AblateRequestSchema, request), { progress: progress => seen.push(progress) });
  expect(seen.map(({ detail, fraction }) => [detail, fraction])).toEqual([
    ['a', 0],
    ['b', 0.5],
  ]);
});

it.each<[string, Omit<AblateRequestInput, 'model'>, RegExp]>([
  ['a context for a text', { source: ofText, variants: [{ name: 'x', context: 'c' }] }, /"x": a text has no/],
  ['a text for a sample', { source: ofSample, variants: [{ name: 'x', text: 't' }] }, /"x": a sample has no/],
  [
    'an expert that is not there',
    { source: ofText, variants: [{ name: 'x', mask: { 0: [4] } }] },
    /mask of "x": layer 0 has no expert 4/,
  ],
  [
    'a sample of tokens',
    { source: { ...ofSample, index: 1 }, variants: [{ name: 'x' }] },
    /token ids without text/,
  ],
  [
    'a context that is too long',
    {
      source: ofSample,
      variants: [{ name: 'x', context: 'long '.repeat(60) }],
      max_seq_length: 300,
    },
    /limit of 300/,
  ],
])('refuses %s', async (_, request, message) => {
  const refused = ablated(request);
  await expect(refused).rejects.toThrow(InputError);
  await expect(refused).rejects.toThrow(message);
});
