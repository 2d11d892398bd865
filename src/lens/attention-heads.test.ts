/** @file Attention head by head on a small model: the rows of a plain trace. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';
import { afterAll, describe, expect, it } from 'vitest';

import { writeRouterRun } from '../../test/helpers/run';
import { scratchFolder } from '../../test/helpers/scratch';
import { writeTinyCheckpoint } from '../../test/helpers/tiny-checkpoint';
import { InputError } from '../common/errors';
import { Model } from '../model/model';
import { packRows } from '../model/packed-batch';
import type { ExpertMask } from '../model/pass-options';
import { traceBatch } from '../model/trace';
import {
  type AttentionHeadsRequestInput,
  AttentionHeadsRequestSchema,
  type AttentionHeadsResult,
} from '../protocol/attention-heads';
import { TraceRequestSchema } from '../protocol/jobs';
import { attentionHeads } from './attention-heads';
import { traceRouting } from './routing-view';
import { tunedVariant } from './variant';

const scratch = scratchFolder();
const folder = writeTinyCheckpoint(path.join(scratch, 'tiny'));
const model = Model.open(folder, { threads: 1, memoryBudget: 1e12 });
afterAll(() => model.release());
const run = writeRouterRun(path.join(scratch, 'run'), model, 3).path;
const tuned = tunedVariant(run, model).model;
const dataset = path.join(scratch, 'samples.json');
writeFileSync(dataset, JSON.stringify([{ context: 'It is red.', question: 'What?', answer: 'red' }]));
const source = { kind: 'sample', file: dataset, index: 0 } as const;
const common = { model: folder, engine: { threads: 1 }, source };
type Some = Partial<AttentionHeadsRequestInput> & { token: number };

const heads = (some: Some): Promise<AttentionHeadsResult> =>
  attentionHeads(v.parse(AttentionHeadsRequestSchema, { ...common, ...some }));

/** Tokens as the panel shows them. */
async function shownTokens(some: Partial<AttentionHeadsRequestInput>): Promise<number[]> {
  const view = await traceRouting(v.parse(TraceRequestSchema, { ...common, ...some }));
  return view.tokens.map(({ id }) => id);
}

/** [layer][head][key] of one query of a trace of all tokens. */
async function expected(of: Model, ids: number[], token: number, mask?: ExpertMask): Promise<number[][][]> {
  const options = { attention: true, ...(mask ? { mask } : {}) };
  const { attention } = await traceBatch(of, packRows([ids]), options);
  return attention.map(({ data, shape: [, count, length] }) =>
    Array.from({ length: count }, (_, head) => {
      const start = (head * length + token) * length;
      return Array.from((data as Float32Array).subarray(start, start + token + 1));
    }),
  );
}

function expectClose(actual: number[][][] | undefined, wanted: number[][][]): void {
  expect(actual?.map(layer => layer.map(({ length }) => length))).toEqual(
    wanted.map(layer => layer.map(({ length }) => length)),
  );
  const [a, b] = [actual?.flat(2) ?? [], wanted.flat(2)];
  b.forEach((value, i) => expect(a[i]).toBeCloseTo(value, 5));
}

describe('attentionHeads', () => {
  it('gives what a token of the prompt attends to, base and tuned', async () => {
    const ids = await shownTokens({});
    const token = 20;
    const found = await heads({ token, run });
    expect(found).toMatchObject({ layers: [0, 1], heads: 2 });
    expectClose(found.base, await expected(model, ids, token));
    expectClose(found.tuned, await expected(tuned, ids, token));
    for (const head of found.base.flat())
      expect(head.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
  });

  it('counts tokens of the answer and of what was generated as the trace does', async () => {
    const withAnswer = await shownTokens({});
    const last = withAnswer.length - 1;
    expectClose((await heads({ token: last })).base, await expected(model, withAnswer, last));
    const continued = await shownTokens({ max_new_tokens: 3 });
    const end = continued.length - 1;
    const found = await heads({ token: end, max_new_tokens: 3 });
    expect(found).not.toHaveProperty('tuned');
    expectClose(found.base, await expected(model, continued, end));
  });

  it('is under the mask of the trace', async () => {
    const ids = await shownTokens({});
    const mask = { name: 'm', experts: { 0: [1, 2] } };
    const { base } = await heads({ token: 30, mask });
    expectClose(base, await expected(model, ids, 30, new Map([[0, [1, 2]]])));
    expect(base).not.toEqual((await heads({ token: 30 })).base);
  });

  it('refuses a token that is not there', async () => {
    const refused = heads({ token: 500 });
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow(/no token 500/);
  });
});
