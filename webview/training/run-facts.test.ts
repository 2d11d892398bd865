/** @file Numbers of a training while it goes on. */
import { describe, expect, it } from 'vitest';

import { exampleRun as run } from '../../test/fixtures/run-record';
import { methodName } from '../shared/method-name';
import { expectedSteps, headlines, Pace, stepsDone } from './run-facts';

const step = { step: 4, epoch: 0, loss: 1.23456, lr: 1, grad_norm: 1, tokens_per_s: 1234.4 };
const dev = { epoch: 0, split: 'dev', em: 50, f1: 60 };
const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

describe('expectedSteps', () => {
  const training = { ...run, results: {}, settings: { epochs: 3, batch_size: 8 } };
  it('are those that the training makes: epochs × batches, rounded', () => {
    // 1300 samples in batches of 8: 162.5, so 163 a time, three times.
    expect(expectedSteps(training)).toBe(489);
    expect(
      expectedSteps({ ...training, settings: { epochs: 0.5, batch_size: 8, grad_accumulation: 2 } }),
    ).toBe(41);
  });
  it('end where the settings or the run ended', () => {
    expect(expectedSteps({ ...training, settings: { max_steps: 7 } })).toBe(7);
    expect(expectedSteps({ ...training, results: { steps: 120 } })).toBe(120);
  });
  it('are not known without training data', () => {
    expect(expectedSteps({ ...training, datasets: [] })).toBeUndefined();
  });
});

it('steps that are done: a line of step n says that n + 1 are', () => {
  expect(stepsDone([])).toBe(0);
  expect(stepsDone([step])).toBe(5);
  expect(stepsDone([step, { ...dev, step: 5, loss: 1 }])).toBe(5);
});

it('headlines have the newest values and the lowest dev loss', () => {
  const lines = [step, { ...dev, step: 2, loss: 0.5 }, { ...dev, step: 4, loss: 0.75 }];
  const found = headlines({ ...run, results: {}, timings: {}, memory: {} }, lines);
  expect(found.map(({ name, value }) => [name, value])).toEqual([
    ['Step', '5'],
    ['Loss', '1.235'],
    ['Loss on dev', '0.750'],
    ['EM on dev', '50.0'],
    ['Speed', '1,234'],
  ]);
  expect(found[2].note).toBe('lowest 0.500 after step 2');
  expect(found[3].note).toBe('percent; F1 60.0');
});

it('of a finished run they have its results', () => {
  const names = headlines(run, []).map(({ name, value, note }) => plain(`${name}: ${value} ${note}`));
  expect(names).toEqual([
    'Step: 0 of 120',
    'Memory: 1.5 GB at the highest',
    'Exact match: 28.1 → 76.4 percent of 200 test samples',
    'Trainable parameters: 500 5 % of the model',
    'Time: 2 min 0 s all phases',
  ]);
});

it('methods are named', () => {
  expect(methodName({ job: 'identify', settings: {} })).toBe('Router tuning');
  expect(methodName({ job: 'finetune', settings: { method: 'ceft', parametrisation: 'lora' } })).toBe(
    'CEFT by LoRA',
  );
});

it('pace: seconds a step times the steps that are left', () => {
  const pace = new Pace();
  expect(pace.remaining(10)).toBeUndefined();
  pace.saw(2, 1000);
  pace.saw(3, 3000);
  expect(pace.remaining(10)).toBeUndefined();
  pace.saw(6, 9000);
  expect(pace.remaining(10)).toBe(8); // 2 seconds a step, 4 steps
});
