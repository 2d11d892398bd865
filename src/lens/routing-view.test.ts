/** @file The routing of a prompt as the panel shows it, on a small model: each number by its formula. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { writeRouterRun } from '../../test/helpers/run';
import { scratchFolder } from '../../test/helpers/scratch';
import { byteTokenId, tinyQwen3, tinyWeights, writeTinyCheckpoint } from '../../test/helpers/tiny-checkpoint';
import { InputError } from '../common/errors';
import { renderUserTurn } from '../data/prompt';
import { generateGreedily } from '../model/generate';
import { routerFeeds } from '../model/layers/router';
import { Model } from '../model/model';
import { packRows } from '../model/packed-batch';
import type { Routers } from '../model/pass-options';
import { type Trace, traceBatch } from '../model/trace';
import { type TraceRequestInput, TraceRequestSchema } from '../protocol/jobs';
import { type RoutedToken, type RoutingView, RoutingViewSchema } from '../protocol/routing-view';
import { traceRouting } from './routing-view';

const scratch = scratchFolder();
const folder = writeTinyCheckpoint(path.join(scratch, 'tiny'));
const model = Model.open(folder, { threads: 1, memoryBudget: 1e12 });
afterAll(() => model.release());

const sample = { context: 'The café is red, red all over.', question: 'What colour?', answer: 'red' };
const turn = renderUserTurn(sample);
const dataset = path.join(scratch, 'samples.json');
writeFileSync(dataset, JSON.stringify([sample]));

const ce = { 0: [1], 1: [2, 3] };
const oe = { 0: [0], 1: [0, 1] };

/** Routers of the checkpoint, doubled: routing as before, with other weights. */
const doubled: Routers = new Map(
  [...model.baseRouters].map(([layer, { [routerFeeds.weight]: weight }]) => {
    const data = (weight.data as Float32Array).map(value => 2 * value);
    return [layer, { [routerFeeds.weight]: { data, shape: weight.shape } }];
  }),
);

function writeRun(): string {
  const run = writeRouterRun(path.join(scratch, 'run-1'), model, 2);
  const ratio = { 0: [0.25, 0.25, 0.25, 0.25], 1: [0.25, 0.25, 0.25, 0.25] };
  const count = { 0: [1, 1, 1, 1], 1: [1, 1, 1, 1] };
  const sides = { ratio: { base: ratio, tuned: ratio }, count: { base: count, tuned: count } };
  run.writeContextDependence({
    schema_version: 1,
    k: 2,
    top_k: 2,
    num_experts: 4,
    samples: 1,
    ...sides,
    ce,
    oe,
  });
  return run.path;
}
const run = writeRun();

function view(request: Omit<TraceRequestInput, 'model'>): Promise<RoutingView> {
  const engine = { threads: 1 };
  return traceRouting(v.parse(TraceRequestSchema, { model: folder, engine, ...request }));
}

/** The text that consecutive tokens cover, each character once. */
function textOf({ text }: RoutingView, tokens: readonly RoutedToken[]): string {
  return text.slice(tokens[0].start, tokens[tokens.length - 1].end);
}

function expectAllClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 5));
}

describe('traceRouting', () => {
  let shown: RoutingView;
  let base: Trace;
  let tuned: Trace;
  beforeAll(async () => {
    shown = await view({ run, source: { kind: 'sample', file: dataset, index: 0 } });
    const batch = packRows([shown.tokens.map(({ id }) => id)]);
    base = await traceBatch(model, batch, { attention: true });
    tuned = await traceBatch(model, batch, { attention: true, routers: doubled });
  });
  const sides = (): [RoutingView['base'], Trace][] => {
    if (!shown.tuned) throw new Error('no tuned side');
    return [
      [shown.base, base],
      [shown.tuned, tuned],
    ];
  };

  it('follows its schema and names model and run', () => {
    expect(v.parse(RoutingViewSchema, shown)).toEqual(shown);
    expect(shown).toMatchObject({ model_name: 'tiny', run_id: 'run-1', moe_layers: [0, 1], ce, oe });
  });

  it('lays tokens over the whole rendered prompt and the answer', () => {
    expect(shown.text).toBe(`<|endoftext|><|user|>\n${turn}\n<|assistant|>\nred`);
    const { tokens } = shown;
    for (const { text, start, end } of tokens) expect(text).toBe(shown.text.slice(start, end));
    tokens.slice(1).forEach(({ start }, i) => expect(start).toBeLessThanOrEqual(tokens[i].end));
    expect(textOf(shown, tokens)).toBe(shown.text);
    expect(tokens[0].text).toBe('<|endoftext|>');
    // é has two bytes: two tokens that cover the same character.
    const accents = tokens.filter(({ text }) => text === 'é').map(({ id }) => id);
    expect(accents).toEqual([byteTokenId(0xc3), byteTokenId(0xa9)]);
    // The end-of-sequence token covers nothing.
    expect(tokens.at(-1)).toMatchObject({ id: 0, text: '', span: 'answer' });
  });

  it('says where the user’s text begins and ends', () => {
    expect(shown.text.slice(shown.source.start, shown.source.end)).toBe(turn);
  });

  it('marks context, question, answer, and the first occurrence of the answer in the context', () => {
    const spanned = (span: string): string =>
      textOf(
        shown,
        shown.tokens.filter(token => token.span === span),
      );
    expect(spanned('context')).toBe(sample.context);
    expect(spanned('question')).toBe(sample.question);
    expect(spanned('answer')).toBe(sample.answer);
    const inContext = shown.tokens.filter(token => token.answer_in_context);
    expect(textOf(shown, inContext)).toBe('red');
    expect(inContext[0].start).toBe(shown.text.indexOf('red'));
    expect(shown.tokens[shown.last_prompt_token].text).toBe('\n');
    expect(shown.tokens[shown.last_prompt_token + 1].span).toBe('answer');
  });

  it('routes each side with its own routers', () => {
    for (const [side, trace] of sides()) {
      shown.moe_layers.forEach((layer, i) => {
        const traced = trace.moe.get(layer);
        expect(side.topk_indices[i]).toEqual(Array.from(traced?.topkIndices ?? []));
        expectAllClose(side.topk_weights[i], Array.from(traced?.topkWeights ?? []));
      });
    }
    expect(shown.tuned?.topk_weights).not.toEqual(shown.base.topk_weights);
  });

  it('gives the share of a token’s weight that goes to context-faithful experts', () => {
    const lists: number[][] = [ce[0], ce[1]];
    for (const [side] of sides()) {
      lists.forEach((experts, i) => {
        const expected = shown.tokens.map((_, token) => {
          const [first, second] = [2 * token, 2 * token + 1];
          const weight = (slot: number): number => side.topk_weights[i][slot];
          const listed = (slot: number): number =>
            experts.includes(side.topk_indices[i][slot]) ? weight(slot) : 0;
          return (listed(first) + listed(second)) / (weight(first) + weight(second));
        });
        expectAllClose(side.ce_share[i], expected);
        expect(new Set(expected).size).toBeGreaterThan(2);
      });
    }
  });

  it('gives the entropy of the router’s softmax as a share of ln(experts)', () => {
    for (const [side, trace] of sides()) {
      shown.moe_layers.forEach((layer, i) => {
        const logits = Array.from(trace.moe.get(layer)?.routerLogits ?? []);
        const expected = shown.tokens.map((_, token) => {
          const weights = logits.slice(4 * token, 4 * token + 4).map(Math.exp);
          const sum = weights.reduce((a, b) => a + b, 0);
          return -weights.reduce((total, w) => total + (w / sum) * Math.log(w / sum), 0) / Math.log(4);
        });
        expectAllClose(side.router_entropy[i], expected);
        for (const entropy of side.router_entropy[i]) {
          expect(entropy).toBeGreaterThanOrEqual(0);
          expect(entropy).toBeLessThanOrEqual(1);
        }
      });
    }
  });

  it('gives the attention of the last token before the answer, mean over heads', () => {
    const length = shown.tokens.length;
    for (const [side, trace] of sides()) {
      trace.attention.forEach(({ data, shape: [, heads] }, layer) => {
        const values = data as Float32Array;
        const expected = shown.tokens.map((_, key) => {
          let sum = 0;
          for (let h = 0; h < heads; h++)
            sum += values[(h * length + shown.last_prompt_token) * length + key];
          return sum / heads;
        });
        expectAllClose(side.attention_from_last[layer], expected);
        const over = (chosen: (token: RoutedToken) => boolean): number =>
          expected.reduce((sum, value, token) => sum + (chosen(shown.tokens[token]) ? value : 0), 0);
        expect(over(() => true)).toBeCloseTo(1, 5);
        expect(side.attention_to_context[layer]).toBeCloseTo(
          over(({ span }) => span === 'context'),
          5,
        );
        expect(side.attention_to_answer[layer]).toBeCloseTo(
          over(token => token.answer_in_context),
          5,
        );
      });
    }
  });
});

describe('traceRouting of other sources', () => {
  it('shows free text without run: no experts marked, no context, no tuned side', async () => {
    const shown = await view({ source: { kind: 'text', text: 'Hello' } });
    expect(shown.text).toBe('<|endoftext|><|user|>\nHello\n<|assistant|>\n');
    expect(shown.text.slice(shown.source.start, shown.source.end)).toBe('Hello');
    expect(shown).toMatchObject({ ce: {}, oe: {}, last_prompt_token: shown.tokens.length - 1 });
    expect(shown.base).toMatchObject({ ce_share: [], attention_to_context: [], attention_to_answer: [] });
    expect(shown).not.toHaveProperty('tuned');
    expect(shown).not.toHaveProperty('run_id');
    expect(new Set(shown.tokens.map(({ span }) => span))).toEqual(new Set(['template']));
  });

  it('recognises the wording of the method in free text', async () => {
    const shown = await view({ source: { kind: 'text', text: turn } });
    const context = shown.tokens.filter(({ span }) => span === 'context');
    expect(textOf(shown, context)).toBe(sample.context);
    expect(shown.base.attention_to_context.length).toBe(2);
  });

  it.each([
    ['empty text', { source: { kind: 'text', text: ' \n' } }, /empty/],
    ['a text that is too long', { source: { kind: 'text', text: 'Hello' }, max_seq_length: 3 }, /limit of 3/],
    ['a sample that is not there', { source: { kind: 'sample', file: dataset, index: 5 } }, /no sample 5/],
    ['a run that is none', { run: scratch, source: { kind: 'text', text: 'Hello' } }, /not a run folder/],
  ] as const)('refuses %s', async (_, request, message) => {
    const refused = view(request);
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow(message);
  });
});

describe('traceRouting with generation', () => {
  const maxNewTokens = 5;
  const spans = (shown: RoutingView): string[] => shown.tokens.map(({ span }) => span);

  it('continues free text by what the base model finds most probable, and traces both', async () => {
    const source = { kind: 'text', text: 'Hello' } as const;
    const prompt = await view({ source });
    const shown = await view({ source, max_new_tokens: maxNewTokens });
    expect(v.parse(RoutingViewSchema, shown)).toEqual(shown);
    const ids = prompt.tokens.map(({ id }) => id);
    const [continuation] = await generateGreedily(model, [ids], { maxNewTokens, eosTokenId: 0 });
    expect(continuation.length).toBeGreaterThan(0);
    expect(shown.tokens.map(({ id }) => id)).toEqual([...ids, ...continuation]);
    expect(spans(shown)).toEqual([...spans(prompt), ...continuation.map(() => 'generated')]);
    expect(shown).toMatchObject({ generated_by: 'base', last_prompt_token: ids.length - 1 });
    expect(shown.text.startsWith(prompt.text)).toBe(true);
    for (const { text, start, end } of shown.tokens) expect(text).toBe(shown.text.slice(start, end));
    expect(textOf(shown, shown.tokens)).toBe(shown.text);
    const { moe } = await traceBatch(model, packRows([[...ids, ...continuation]]));
    expect(shown.base.topk_indices).toEqual([...moe.values()].map(({ topkIndices }) => [...topkIndices]));
  });

  it('puts what the tuned model says in the place of a sample’s answer', async () => {
    const source = { kind: 'sample', file: dataset, index: 0 } as const;
    const given = await view({ source });
    const shown = await view({ run, source, max_new_tokens: maxNewTokens });
    const ids = given.tokens.slice(0, given.last_prompt_token + 1).map(({ id }) => id);
    const options = { maxNewTokens, eosTokenId: 0, routers: doubled };
    const [continuation] = await generateGreedily(model, [ids], options);
    expect(shown.tokens.map(({ id }) => id)).toEqual([...ids, ...continuation]);
    expect(shown.generated_by).toBe('tuned');
    expect(spans(shown)).not.toContain('answer');
    expect(shown.tokens.filter(({ span }) => span === 'context').length).toBe(
      given.tokens.filter(({ span }) => span === 'context').length,
    );
    expect(shown.tuned?.router_entropy[0].length).toBe(ids.length + continuation.length);
  });

  it('is valid without', async () => {
    const shown = await view({ source: { kind: 'text', text: 'Hello' }, max_new_tokens: 0 });
    expect(shown).not.toHaveProperty('generated_by');
    expect(spans(shown)).not.toContain('generated');
  });
});

it('of a model with a dense layer: routing of the others, attention of all', async () => {
  const mixed = writeTinyCheckpoint(path.join(scratch, 'mixed'), tinyWeights(0, tinyQwen3), tinyQwen3);
  const request = { model: mixed, engine: { threads: 1 }, source: { kind: 'text', text: 'red' } };
  const { num_layers, moe_layers, tokens, base } = await traceRouting(v.parse(TraceRequestSchema, request));
  expect({ num_layers, moe_layers }).toEqual({ num_layers: 2, moe_layers: [1] });
  expect(base.topk_indices.map(({ length }) => length)).toEqual([2 * tokens.length]);
  expect(base.router_entropy.map(({ length }) => length)).toEqual([tokens.length]);
  expect(base.attention_from_last.map(({ length }) => length)).toEqual([tokens.length, tokens.length]);
});
