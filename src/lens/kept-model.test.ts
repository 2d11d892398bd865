/** @file The model that stays open: the same results as one that is opened each time, and let go when it must be. */
import { cpSync, utimesSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { writeRouterRun } from '../../test/helpers/run';
import { scratchFolder } from '../../test/helpers/scratch';
import { writeTinyCheckpoint } from '../../test/helpers/tiny-checkpoint';
import { CancelledError } from '../common/errors';
import { Model } from '../model/model';
import { type TraceRequestInput, TraceRequestSchema } from '../protocol/jobs';
import { KeptModel } from './kept-model';
import type { OpenedModel } from './opened-model';
import { traceRouting } from './routing-view';

const scratch = scratchFolder();
const folder = writeTinyCheckpoint(path.join(scratch, 'tiny'));
const opened = Model.open(folder, { threads: 1, memoryBudget: 1e12 });
const run = writeRouterRun(path.join(scratch, 'run'), opened, 3).path;
const other = path.join(scratch, 'other');
cpSync(folder, other, { recursive: true });

const request = (some: Partial<TraceRequestInput> = {}) =>
  v.parse(TraceRequestSchema, {
    ...{ model: folder, engine: { threads: 1 }, source: { kind: 'text', text: 'Who?' } },
    ...some,
  });

const kept = new KeptModel();
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await kept.release();
});
/** The model that a request is given. */
const given = (some?: Partial<TraceRequestInput>): Promise<OpenedModel> =>
  kept.use(request(some), {}, opened => Promise.resolve(opened));

describe('a kept model', () => {
  it('gives what one gives that is opened for each request', async () => {
    const plain = [
      await traceRouting(request({ run })),
      await traceRouting(request({ run, max_new_tokens: 3 })),
    ];
    const trace = (some: Partial<TraceRequestInput>) => traceRouting(request(some), {}, kept.use);
    for (let round = 0; round < 2; round++) {
      expect(await trace({ run })).toEqual(plain[0]);
      const mask = { name: 'm', experts: { 0: [1], 1: [2, 3] } };
      expect(await trace({ run, mask })).not.toEqual(plain[0]);
      expect(await trace({ run, max_new_tokens: 3 })).toEqual(plain[1]);
    }
  });

  it('serves all requests about the same checkpoint, run and engine', async () => {
    const first = await given({ run });
    expect(await given({ run, max_new_tokens: 5 })).toBe(first);
    expect(first.tuned).toBeDefined();
  });

  it.each<[string, Partial<TraceRequestInput>]>([
    ['another checkpoint', { model: other }],
    ['no run', { run: undefined }],
    ['other settings of the engine', { engine: { threads: 2 } }],
  ])('is freed for %s', async (_, some) => {
    const { model } = await given({ run });
    const release = vi.spyOn(model, 'release');
    const next = await given({ run, ...some, ...(some.model ? { run: undefined } : {}) });
    expect(next.model).not.toBe(model);
    expect(release).toHaveBeenCalledOnce();
  });

  it('is opened anew when a file of it has changed', async () => {
    const first = await given({ model: other });
    utimesSync(path.join(other, 'config.json'), 1e9, 1e9);
    expect((await given({ model: other })).model).not.toBe(first.model);
  });

  it('survives a cancelled or refused request, and no other failure', async () => {
    const first = await given();
    const failing = (error: Error): Promise<never> => kept.use(request(), {}, () => Promise.reject(error));
    await expect(failing(new CancelledError())).rejects.toThrow(CancelledError);
    expect(await given()).toBe(first);
    const release = vi.spyOn(first.model, 'release');
    await expect(failing(new Error('broken'))).rejects.toThrow('broken');
    expect(release).toHaveBeenCalledOnce();
    expect((await given()).model).not.toBe(first.model);
  });

  it('is freed after five idle minutes, counted from the last request', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { model } = await given();
    const release = vi.spyOn(model, 'release');
    vi.advanceTimersByTime(4 * 60_000);
    expect((await given()).model).toBe(model);
    vi.advanceTimersByTime(4 * 60_000);
    expect(release).not.toHaveBeenCalled();
    vi.advanceTimersByTime(60_000);
    expect(release).toHaveBeenCalledOnce();
    expect((await given()).model).not.toBe(model);
  });
});
