/** @file The samples of a job: chosen, dropped, checked. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { scratchFolder } from '../../test/helpers/scratch';
import { writeTinyCheckpoint } from '../../test/helpers/tiny-checkpoint';
import { InputError } from '../common/errors';
import { Model } from '../model/model';
import { type Dataset, LazyTokenizer, loadDataset } from './dataset';

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
