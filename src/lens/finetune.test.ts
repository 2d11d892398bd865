/** @file Fine-tuning by every method, whole and by low-rank additions: what has changed, and that nothing else has. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';
import { afterAll, describe, expect, it, vi } from 'vitest';

import { scratchFolder } from '../../test/helpers/scratch';
import { tinyConfig, tinyGptOss, tinyWeights, writeTinyCheckpoint } from '../../test/helpers/tiny-checkpoint';
import { InputError } from '../common/errors';
import { Model } from '../model/model';
import { readAdapter } from '../model/tuned-files/adapter-folder';
import { readTunedWeights } from '../model/tuned-files/weights-file';
import { lowRankNames, namedWeights } from '../model/weight-names';
import { readWeights } from '../model/weight-values';
import { type ContextDependence, runFiles } from '../protocol/artifacts';
import { type FinetuneRequestInput, FinetuneRequestSchema, type FinetuneResult } from '../protocol/finetune';
import { type FinetuneMethod, finetuneMethods } from '../protocol/finetune-methods';
import { meanLoss } from '../train/fine-tuning';
import { LazyTokenizer, loadDataset } from './dataset';
import { finetune } from './finetune';
import { RunFolder } from './run-folder';
import { tunedVariant } from './variant';

// The page's script is bundled for the command line, whose tests write reports.
vi.mock('./report/write-report', () => ({ writeReport: (folder: string) => folder }));

const scratch = scratchFolder();
const write = (name: string, content: unknown): string => {
  writeFileSync(path.join(scratch, name), JSON.stringify(content));
  return path.join(scratch, name);
};
const texts = write(
  'texts.json',
  ['red', 'blue', 'green', 'white'].map(answer => ({
    context: `It is ${answer}.`,
    question: 'What?',
    answer,
  })),
);
const ratio = { 0: [0.1, 0.4, 0.2, 0.3], 1: [0.4, 0.1, 0.3, 0.2] };
const other = { 0: [0.4, 0.1, 0.3, 0.2], 1: [0.1, 0.4, 0.2, 0.3] };
const sides = { base: other, tuned: ratio };
const contextDependence: ContextDependence = {
  ...{ schema_version: 1, k: 2, top_k: 2, num_experts: 4, samples: 1 },
  ...{ ratio: sides, count: sides, ce: { 0: [1, 3], 1: [0, 2] }, oe: { 0: [0, 2], 1: [1, 3] } },
};
const experts = write('context-dependence.json', contextDependence);

let runs = 0;
/** Trains two updates into a new run folder. */
function run(model: string, some: Partial<FinetuneRequestInput>): Promise<FinetuneResult> {
  const request = v.parse(FinetuneRequestSchema, {
    ...{ model, method: 'rt', train: texts, out: path.join(scratch, `run-${runs++}`) },
    engine: { threads: 1 },
    ...some,
    training: { max_steps: 2, batch_size: 2, lr: 1e-2, ...some.training },
  });
  return finetune(request);
}

/** What the method is to train, by the names of its weights. */
const trained: Record<FinetuneMethod, (name: string) => boolean> = {
  ceft: name => /^layers\.(0\.experts\.[13]|1\.experts\.[02])\./.test(name),
  esft: name => /^layers\.(0\.experts\.[02]|1\.experts\.[13])\./.test(name),
  random: () => false,
  rt: name => name.includes('.router.'),
  fft: () => true,
};
const files: Record<FinetuneMethod, string> = {
  ceft: runFiles.experts,
  esft: runFiles.experts,
  random: runFiles.experts,
  rt: runFiles.routers,
  fft: runFiles.weights,
};

describe.each([
  ['experts one by one', tinyConfig],
  ['experts in one tensor', tinyGptOss],
])('%s', (name, { ...config }) => {
  // Of all experts but one a token is sent to, so that each is trained by some.
  config.num_experts_per_tok = 3;
  const folder = writeTinyCheckpoint(path.join(scratch, name), tinyWeights(3, config), config);
  const model = Model.open(folder, { threads: 1, memoryBudget: 1e12 });
  afterAll(() => model.release());
  const hash = (): string =>
    createHash('sha256')
      .update(readFileSync(path.join(folder, 'model.safetensors')))
      .digest('hex');
  const before = hash();
  const { samples } = loadDataset('dev', texts, new LazyTokenizer(model.checkpoint), {
    maxLength: 300,
    seed: 0,
  });

  /** Names of the weights that the run is to have trained. */
  const expectedNames = (method: FinetuneMethod, { run: record }: FinetuneResult): string[] => {
    const listed = Object.entries(record.experts ?? {}).flatMap(([layer, chosen]) =>
      chosen.map(expert => `layers.${layer}.experts.${expert}.`),
    );
    return [...namedWeights(model.architecture).keys()].filter(weight =>
      method === 'random' ? listed.some(prefix => weight.startsWith(prefix)) : trained[method](weight),
    );
  };

  it.each(finetuneMethods)('%s, whole: exactly its weights are saved, each changed', async method => {
    const listed = method === 'ceft' || method === 'esft';
    const result = await run(folder, { method, dev: texts, ...(listed ? { experts } : {}) });
    expect(path.basename(result.weights)).toBe(files[method]);
    const names = expectedNames(method, result);
    const saved = readTunedWeights(result.weights, model.checkpoint);
    expect([...saved.keys()].sort()).toEqual(names.sort());
    for (const [weight, { data }] of readWeights(model.checkpoint, names))
      expect([weight, data]).not.toEqual([weight, saved.get(weight)?.data]);
    const parameters = [...saved.values()].reduce((sum, { data }) => sum + data.length, 0);
    expect(result.run.results).toMatchObject({ trainable_parameters: parameters, steps: 2 });
    await expectReadBack(result, 0);
    expect(hash()).toBe(before);
  });

  it.each(finetuneMethods)('%s, by LoRA: factors of exactly its matrices are saved', async method => {
    const listed = method === 'ceft' || method === 'esft';
    const result = await run(folder, {
      ...{ method, dev: texts, ...(listed ? { experts } : {}) },
      training: { parametrisation: 'lora', lora_r: 3, lora_alpha: 6 },
    });
    expect(path.basename(result.weights)).toBe(runFiles.adapter);
    const { tensors, adapter } = readAdapter(result.weights, model.checkpoint);
    expect(adapter).toEqual({ rank: 3, scale: 2, dropout: 0 });
    const weights = namedWeights(model.architecture);
    const matrices = expectedNames(method, result).filter(
      weight => weight.startsWith('layers.') && weights.get(weight)?.shape.length === 2,
    );
    expect([...tensors.keys()].sort()).toEqual(matrices.flatMap(lowRankNames).sort());
    const sizes = matrices.map(weight => weights.get(weight)?.shape ?? []);
    const parameters = sizes.reduce((sum, [rows, columns]) => sum + 3 * (rows + columns), 0);
    expect(result.run.results.trainable_parameters).toBe(parameters);
    await expectReadBack(result, 1e-5);
    expect(hash()).toBe(before);
  });

  /** The weights that everyone reads from the run are those whose loss it recorded. */
  async function expectReadBack(
    { run_folder, run: { results } }: FinetuneResult,
    tolerance: number,
  ): Promise<void> {
    const variant = tunedVariant(run_folder, model);
    const loss = await meanLoss(variant.model, samples);
    expect(Math.abs(loss - (results.dev_loss ?? NaN))).toBeLessThanOrEqual(tolerance);
    expect(loss).not.toBe(await meanLoss(model, samples));
  }
});

describe('the run of a fine-tuning', () => {
  const folder = writeTinyCheckpoint(path.join(scratch, 'tiny'));
  const model = Model.open(folder, { threads: 1, memoryBudget: 1e12 });
  afterAll(() => model.release());

  it('has answers before and after, the experts and what they were chosen by', async () => {
    const { run_folder, run: record } = await run(folder, { method: 'esft', experts, k: 1, test: texts });
    expect(RunFolder.open(run_folder).record()).toEqual(record);
    expect(record).toMatchObject({ job: 'finetune', status: 'done', experts: { 0: [0], 1: [1] } });
    expect(record.settings).toMatchObject({ method: 'esft', k: 1, save_dtype: 'f32', lr: 0.01 });
    expect([record.results.base?.samples, record.results.tuned?.samples]).toEqual([4, 4]);
    expect(Object.keys(record.timings)).toEqual([
      'Answers before tuning',
      'Fine-tuning',
      'Answers after tuning',
    ]);
    const lists = { k: 1, ce: { 0: [1], 1: [0] }, oe: { 0: [0], 1: [1] } };
    expect(RunFolder.open(run_folder).contextDependence()).toEqual({ ...contextDependence, ...lists });
    expect(tunedVariant(run_folder, model).name).toBe('ESFT');
  });

  it('trains a list of experts, given once or twice, and keeps no statistics then', async () => {
    const list = write('list.json', { experts: { 1: [2, 2] } });
    const { run_folder, run: record, weights } = await run(folder, { method: 'ceft', experts: list });
    expect(existsSync(path.join(run_folder, runFiles.contextDependence))).toBe(false);
    const names = ['gate', 'up', 'down'].map(part => `layers.1.experts.2.${part}`);
    expect([...readTunedWeights(weights, model.checkpoint).keys()].sort()).toEqual(names.sort());
    expect(record.results.trainable_parameters).toBe(3 * 16 * 8);
  });

  it('draws random experts by the seed', async () => {
    const drawn = async (seed: number): Promise<unknown> =>
      (await run(folder, { method: 'random', k: 3, training: { seed } })).run.experts;
    const lists = [await drawn(1), await drawn(1), await drawn(2)];
    expect(Object.values(lists[0] as object).map(({ length }: number[]) => length)).toEqual([3, 3]);
    expect(lists[1]).toEqual(lists[0]);
    expect(lists[2]).not.toEqual(lists[0]);
  });

  it('saves bfloat16 on request, and scores what it has saved', async () => {
    const full = await run(folder, { method: 'rt', training: { seed: 4 } });
    const half = await run(folder, { method: 'rt', training: { seed: 4 }, save_dtype: 'bf16' });
    const [exact, rounded] = [full, half].map(({ weights }) => readTunedWeights(weights, model.checkpoint));
    for (const [name, { data }] of exact)
      data.forEach((value, i) => {
        const error = Math.abs(Number(rounded.get(name)?.data[i]) - Number(value));
        // Seven bits of mantissa are stored: half of the last one.
        expect(error).toBeLessThanOrEqual(2 ** -8 * Math.abs(Number(value)));
      });
    expect(exact).not.toEqual(rounded);
  });

  it('selects by exact match where asked to', async () => {
    const { run_folder, run: record } = await run(folder, {
      ...{ method: 'rt', dev: texts, training: { select: 'em' } },
    });
    expect(record.results.dev_em).toBe(0);
    const evaluations = RunFolder.open(run_folder)
      .metrics()
      .filter(line => 'split' in line);
    expect(evaluations.map(({ em, f1 }) => [em, f1])).toEqual([
      [0, expect.any(Number)],
      [0, expect.any(Number)],
    ]);
  });

  const tokens = write('tokens.json', { samples: [{ input_ids: [4, 5, 6, 0], answer_span: [2, 4] }] });
  const list = write('some.json', { experts: { 0: [1] } });
  it.each<[string, Partial<FinetuneRequestInput>, RegExp]>([
    [
      'ceft without experts',
      { method: 'ceft' },
      /--experts: is missing.*context-dependence\.json.*or a list/,
    ],
    [
      'esft without experts',
      { method: 'esft' },
      /--experts: is missing.*context-dependence\.json of a run\.$/,
    ],
    [
      'esft with a list',
      { method: 'esft', experts: list },
      /some\.json: does not say which experts are .*original/,
    ],
    ['fft with experts', { method: 'fft', experts }, /--experts: fft takes no list/],
    ['rt with k', { method: 'rt', k: 1 }, /--k: rt trains no list/],
    ['a list with k', { method: 'ceft', experts: list, k: 1 }, /--k: .*some\.json lists the experts itself/],
    ['random with too many', { method: 'random', k: 5 }, /k is 5, but a layer has 4/],
    [
      'an empty list',
      { method: 'ceft', experts: write('empty.json', { experts: { 0: [] } }) },
      /lists no experts/,
    ],
    [
      'experts that are not there',
      { method: 'ceft', experts: write('none.json', { experts: { 0: [4] } }) },
      /none\.json: layer 0 has no expert 4/,
    ],
    [
      'bfloat16 with LoRA',
      { save_dtype: 'bf16', training: { parametrisation: 'lora' } },
      /--save-dtype bf16: low-rank additions are saved in float32/,
    ],
    ['EM without a dev set', { training: { select: 'em' } }, /--select em: there is no dev set/],
    [
      'EM on a dev set of tokens',
      { dev: tokens, training: { select: 'em' } },
      /tokens\.json: holds token ids only/,
    ],
    [
      'a budget that is too small',
      { engine: { memory_budget: 0.01 } },
      /Raise the budget to at least [\d.]+ GB/,
    ],
  ])('does not begin with %s', async (_, some, message) => {
    const out = path.join(scratch, 'refused');
    const refused = run(folder, { ...some, out });
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow(message);
    expect(existsSync(out)).toBe(false);
  });
});
