/** @file The CEFT form: the same limits as the requests, messages for each field. */
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';

import {
  type CeftChoices,
  type CeftForm,
  CeftFormSchema,
  checkForm,
  devAnswers,
  numberFields,
  usedFields,
} from './ceft-form';
import { FinetuneRequestSchema } from './finetune';
import { TrainingSettingsSchema } from './jobs';

const choices: CeftChoices = {
  model: { path: '/m', name: 'm' },
  runs: [{ folder: '/runs/a', label: 'a', k: 2, experts: 16 }],
  datasets: [
    { name: 'swap', train: '/d/train.json', dev: '/d/dev.json', test: '/d/test.json' },
    { name: 'alone', train: '/d/alone.json' },
  ],
};
const form = (changes: Partial<CeftForm> = {}): CeftForm => ({
  ...v.parse(CeftFormSchema, {}),
  ...{ experts: '/runs/a', dataset: '/d/train.json' },
  ...changes,
});
const problems = (changes: Partial<CeftForm>, of = choices): unknown => checkForm(form(changes), of).problems;

test('what is typed becomes a request that the engine takes', () => {
  const { request, problems: none } = checkForm(form({ k: ' 4 ', lr: '3e-3', limit_train: '64' }), choices);
  expect(none).toEqual({});
  const parsed = v.parse(FinetuneRequestSchema, { ...request, out: '/o' });
  expect(parsed).toMatchObject({
    ...{ method: 'ceft', k: 4, limit_train: 64, model: '/m', save_dtype: 'f32' },
    ...{ train: '/d/train.json', dev: '/d/dev.json', test: '/d/test.json' },
    experts: '/runs/a/context-dependence.json',
    training: { lr: 0.003, epochs: 3, parametrisation: 'full', select: 'loss' },
  });
});

test('an untouched form asks for the defaults of the jobs, and for answers to the dev set', () => {
  const { request } = checkForm(form({ parametrisation: 'lora' }), choices);
  expect(v.parse(TrainingSettingsSchema, request?.training)).toEqual(
    v.parse(TrainingSettingsSchema, { parametrisation: 'lora', dev_answers: true }),
  );
});

describe('answers to the dev set', () => {
  const asked = (changes: Partial<CeftForm>): boolean | undefined =>
    checkForm(form(changes), choices).request?.training?.dev_answers;

  test('are scored unless they are not wanted', () => {
    expect(asked({})).toBe(true);
    expect(asked({ dev_answers: false })).toBe(false);
    expect(devAnswers(form(), choices)).toEqual({ scored: true });
  });

  test('are scored anyway where they choose the best', () => {
    const changes = { dev_answers: false, select: 'em' } as const;
    expect(asked(changes)).toBe(true);
    expect(devAnswers(form(changes), choices).because).toBeTypeOf('string');
  });

  test('are not asked for without a dev set', () => {
    const changes = { dataset: '/d/alone.json' };
    expect(asked(changes)).toBe(false);
    expect(devAnswers(form(changes), choices).because).toBeTypeOf('string');
  });
});

describe('a wrong field is told', () => {
  test('by its limits', () => {
    expect(problems({ epochs: '0' })).toEqual({ epochs: 'More than 0.' });
    expect(problems({ epochs: '0.5' })).toEqual({});
    expect(problems({ batch_size: '1.5' })).toEqual({ batch_size: 'A whole number is needed.' });
    expect(problems({ batch_size: '0' })).toEqual({ batch_size: 'At least 1.' });
    expect(problems({ lr: 'fast' })).toEqual({ lr: '“fast” is not a number.' });
    expect(problems({ seed: '' })).toEqual({ seed: 'A number is needed.' });
    expect(problems({ parametrisation: 'lora', lora_dropout: '1' })).toEqual({
      lora_dropout: 'Less than 1.',
    });
    expect(problems({ k: '17' })).toEqual({ k: 'At most 16: a layer has no more experts.' });
  });

  test('unless it is not used', () => {
    expect(problems({ lora_dropout: '1' })).toEqual({});
    expect(problems({ method: 'rt', k: '17', experts: '' })).toEqual({});
    expect(checkForm(form({ method: 'fft', k: '3' }), choices).request).toMatchObject({ k: undefined });
    expect(
      checkForm(form({ parametrisation: 'lora', save_dtype: 'bf16' }), choices).request,
    ).not.toHaveProperty('save_dtype');
  });

  test('by what the workspace has', () => {
    expect(problems({ experts: '/gone' })).toEqual({
      experts: 'Choose the run that identified the experts.',
    });
    expect(problems({}, { ...choices, runs: [] })).toEqual({
      experts: 'Identify the experts of this checkpoint first.',
    });
    expect(problems({}, { ...choices, model: undefined })).toEqual({ model: 'Choose a checkpoint.' });
    expect(problems({ dataset: '/d/alone.json', select: 'em', patience: '2' })).toEqual({
      select: 'This dataset has no dev set to answer: select by loss.',
      patience: 'This dataset has no dev set: leave it empty.',
    });
    expect(problems({ dataset: '' })).toEqual({ dataset: 'Choose a dataset.' });
  });
});

test('whatever is typed into a number is either told or within the limits of the request', () => {
  for (const field of numberFields) {
    for (const text of ['-1', '0', '0.5', '1', '1e9', 'NaN', 'Infinity', 'x', '']) {
      const changed = form({ [field]: text, method: 'ceft', parametrisation: 'lora' });
      const { request } = checkForm(changed, choices);
      expect(usedFields(changed)(field)).toBe(true);
      if (request) expect(v.safeParse(FinetuneRequestSchema, { ...request, out: '/o' }).success).toBe(true);
    }
  }
});
