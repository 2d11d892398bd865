/** @file The request of an interrupted run, and what must be as it was. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';
import { afterAll, describe, expect, it } from 'vitest';

import { scratchFolder } from '../../test/helpers/scratch';
import { writeTinyCheckpoint } from '../../test/helpers/tiny-checkpoint';
import { Model } from '../model/model';
import { type IdentifyRequest, IdentifyRequestSchema } from '../protocol/jobs';
import { LazyTokenizer } from './dataset';
import { RunFolder } from './run-folder';
import { checkUnchanged, resumedRequest, startRecord } from './tuning-record';
import { loadData } from './tuning-run';

const scratch = scratchFolder();
const model = Model.open(writeTinyCheckpoint(path.join(scratch, 'tiny')), { threads: 1, memoryBudget: 1e12 });
afterAll(() => model.release());
const tokenizer = new LazyTokenizer(model.checkpoint);
const file = path.join(scratch, 'tokens.json');
writeFileSync(file, JSON.stringify({ samples: [{ input_ids: [4, 5, 6, 0], answer_span: [2, 4] }] }));

describe('the request of an interrupted run', () => {
  const request = v.parse(IdentifyRequestSchema, {
    model: path.join(scratch, 'tiny'),
    train: file,
    dev: file,
    limit_dev: 3,
    training: { lr: 0.01, seed: 5, max_steps: 7 },
    engine: { threads: 1, memory_budget: 2 },
    out: path.join(scratch, 'run'),
  });
  const record = startRecord(request, model, loadData(request, tokenizer), {
    job: 'identify',
    settings: { k: request.k },
  });
  const resumed = (job: string): IdentifyRequest =>
    resumedRequest(IdentifyRequestSchema, job, request.out, request.model);
  const folder = RunFolder.create(request.out);

  it('is the one that the run began with', () => {
    folder.writeRecord({ ...record, status: 'cancelled' });
    expect(resumed('identify')).toEqual({ ...request, resume: true });
  });

  it('does not exist for a run that is done', () => {
    folder.writeRecord({ ...record, status: 'done' });
    expect(() => resumed('identify')).toThrow(/done; nothing is left to do/);
  });

  it('is one of the same job', () => {
    folder.writeRecord({ ...record, status: 'cancelled' });
    expect(() => resumed('finetune')).toThrow(/run of "identify", which "finetune" cannot go on with/);
  });

  it('goes on with the same model and data only', () => {
    expect(() => checkUnchanged(record, record)).not.toThrow();
    const otherModel = { ...record, model: { ...record.model, weights_sha256: 'other' } };
    expect(() => checkUnchanged(record, otherModel)).toThrow(/is not the checkpoint/);
    const otherData = { ...record, datasets: record.datasets.map(set => ({ ...set, sha256: 'other' })) };
    expect(() => checkUnchanged(record, otherData)).toThrow(/tokens\.json: has changed/);
  });
});
