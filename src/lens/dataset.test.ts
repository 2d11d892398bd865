/** @file The samples of a job: chosen, dropped, checked; and the request of an interrupted run. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';
import { afterAll, describe, expect, it } from 'vitest';

import { scratchFolder } from '../../test/helpers/scratch';
import { writeTinyCheckpoint } from '../../test/helpers/tiny-checkpoint';
import { InputError } from '../common/errors';
import { Model } from '../model/model';
import { IdentifyRequestSchema } from '../protocol/jobs';
import { type Dataset, LazyTokenizer, loadDataset } from './dataset';
import { checkUnchanged, loadData, resumedRequest, startRecord } from './identify-setup';
import { RunFolder } from './run-folder';

const scratch = scratchFolder();
const model = Model.open(writeTinyCheckpoint(path.join(scratch, 'tiny')), { threads: 1, memoryBudget: 1e12 });
afterAll(() => model.release());
const tokenizer = new LazyTokenizer(model.checkpoint);

const write = (name: string, content: unknown): string => {
  writeFileSync(path.join(scratch, name), JSON.stringify(content));
  return path.join(scratch, name);
};
/** Sample i has i + 3 tokens, the first of which says which it is. */
const samples = Array.from({ length: 20 }, (_, i) => ({
  input_ids: [10 + i, ...Array.from({ length: i + 2 }, () => 5)],
  answer_span: [1, 3],
}));
const file = write('tokens.json', { samples });
const load = (some: { limit?: number; maxLength?: number; seed?: number }): Dataset =>
  loadDataset('train', file, tokenizer, { maxLength: 300, seed: 0, ...some });
const indices = ({ samples: found }: Dataset): number[] => found.map(({ inputIds }) => inputIds[0] - 10);

describe('loadDataset', () => {
  it('takes all samples in the order of the file', () => {
    expect(indices(load({}))).toEqual(Array.from(samples, (_, i) => i));
    expect(load({}).identity).toMatchObject({ split: 'train', samples: 20, used: 20, dropped: 0 });
  });

  it('draws with the seed, and keeps the order of the file', () => {
    const drawn = indices(load({ limit: 6, seed: 1 }));
    expect(drawn.length).toBe(6);
    expect(drawn).toEqual([...drawn].sort((a, b) => a - b));
    expect(drawn).toEqual(indices(load({ limit: 6, seed: 1 })));
    expect(drawn).not.toEqual(indices(load({ limit: 6, seed: 2 })));
    expect(indices(load({ limit: 20, seed: 1 }))).toEqual(indices(load({})));
  });

  it('drops samples that are too long and counts them', () => {
    const short = load({ maxLength: 7 });
    expect(indices(short)).toEqual([0, 1, 2, 3, 4]);
    expect(short.identity).toMatchObject({ samples: 20, used: 5, dropped: 15 });
  });

  it('keeps the accepted answers of texts', () => {
    const texts = write('texts.json', [{ context: 'c', question: 'q', answer: ['a', 'b'] }]);
    const [sample] = loadDataset('test', texts, tokenizer, { maxLength: 300, seed: 0 }).samples;
    expect(sample.source?.answers).toEqual(['a', 'b']);
    expect(sample.inputIds.slice(...sample.spans.answer).length).toBe(2);
  });

  it('names the sample with a token that the model does not have', () => {
    const bad = write('bad.json', { samples: [samples[0], { input_ids: [1, 260], answer_span: [1, 2] }] });
    const read = (): Dataset => loadDataset('train', bad, tokenizer, { maxLength: 300, seed: 0 });
    expect(read).toThrow(InputError);
    expect(read).toThrow(/bad\.json, sample 1 .*260/);
  });
});

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
  const record = startRecord(request, model, loadData(request, tokenizer));
  const folder = RunFolder.create(request.out);

  it('is the one that the run began with', () => {
    folder.writeRecord({ ...record, status: 'cancelled' });
    expect(resumedRequest(request.out, request.model)).toEqual({ ...request, resume: true });
  });

  it('does not exist for a run that is done', () => {
    folder.writeRecord({ ...record, status: 'done' });
    expect(() => resumedRequest(request.out, request.model)).toThrow(/done; nothing is left to do/);
  });

  it('goes on with the same model and data only', () => {
    expect(() => checkUnchanged(record, record)).not.toThrow();
    const otherModel = { ...record, model: { ...record.model, weights_sha256: 'other' } };
    expect(() => checkUnchanged(record, otherModel)).toThrow(/is not the checkpoint/);
    const otherData = { ...record, datasets: record.datasets.map(set => ({ ...set, sha256: 'other' })) };
    expect(() => checkUnchanged(record, otherData)).toThrow(/tokens\.json: has changed/);
  });
});
