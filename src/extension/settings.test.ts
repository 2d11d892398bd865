/** @file Settings become requests; wrong ones are named. */
import * as v from 'valibot';
import { expect, test } from 'vitest';

import { InputError } from '../common/errors';
import { IdentifyRequestSchema, TraceRequestSchema } from '../protocol/jobs';
import { readIdentifySettings, readTraceSettings, settingOr, settingProblems } from './settings';

const values: Record<string, unknown> = {
  threads: 2,
  memoryBudget: 1.5,
  executionProvider: 'cpu',
  parametrisation: 'lora',
  epochs: 1,
  learningRate: 0.003,
  batchSize: 4,
  maxSequenceLength: 128,
  seed: 7,
  k: 0,
  limitTrain: 800,
  limitDev: 0,
  limitTest: 400,
  generatedTokens: 16,
  decorations: true,
  gutterMarks: true,
  codeLens: false,
  idleMinutes: 0.5,
};

test('a request of settings is valid; 0 stands for "not set"', () => {
  const settings = readIdentifySettings(name => values[name]);
  const request = v.parse(IdentifyRequestSchema, { model: 'm', train: 't', out: 'o', ...settings });
  expect(request).toMatchObject({
    limit_train: 800,
    limit_test: 400,
    training: { parametrisation: 'lora', epochs: 1, lr: 0.003, batch_size: 4, max_seq_length: 128, seed: 7 },
    engine: { threads: 2, memory_budget: 1.5, execution_provider: 'cpu' },
  });
  expect(request.k).toBeUndefined();
  expect(request.limit_dev).toBeUndefined();
});

test('a trace request of settings is valid', () => {
  const settings = readTraceSettings(name => values[name]);
  const request = v.parse(TraceRequestSchema, {
    model: 'm',
    source: { kind: 'text', text: 't' },
    ...settings,
  });
  expect(request).toMatchObject({ max_new_tokens: 16, engine: { threads: 2 } });
  const negative = (): unknown => readTraceSettings(name => (name === 'generatedTokens' ? -1 : values[name]));
  expect(negative).toThrow('routerLens.generatedTokens');
});

test.each([
  ['learningRate', '1e-3'],
  ['batchSize', 0],
  ['threads', 1.5],
  ['parametrisation', 'half'],
  ['epochs', null],
  ['executionProvider', 'tpu'],
])('setting %s: %j is refused by name', (name, value) => {
  const read = (): unknown => readIdentifySettings(n => (n === name ? value : values[n]));
  expect(read).toThrow(InputError);
  expect(read).toThrow(`routerLens.${name}`);
});

test('each wrong setting is told, the others are not', () => {
  expect(settingProblems(name => values[name])).toEqual([]);
  const wrong: Record<string, unknown> = { ...values, decorations: 'yes', idleMinutes: -1 };
  expect(settingProblems(name => wrong[name]).map(({ name }) => name)).toEqual([
    'decorations',
    'idleMinutes',
  ]);
});

test('what is merely shown falls back', () => {
  expect(settingOr(name => values[name], 'codeLens', true)).toBe(false);
  expect(settingOr(() => 'no', 'codeLens', true)).toBe(true);
});
