/** @file What is foreseen of the memory of training against what is made. */
import path from 'node:path';

import * as v from 'valibot';
import { describe, expect, it } from 'vitest';

import { scratchFolder } from '../../test/helpers/scratch';
import { tinyGptOss, tinyWeights, writeTinyCheckpoint } from '../../test/helpers/tiny-checkpoint';
import { Checkpoint } from '../model/checkpoint/checkpoint';
import { bytesOfSize, tunedBytes } from '../model/tuned-weights';
import { TrainingSettingsSchema } from '../protocol/jobs';
import { arraysInTraining } from './parameters';
import { allNames, expertNames, parametersFor, routerNames, trainableSize } from './trainable-names';

const checkpoint = Checkpoint.open(
  writeTinyCheckpoint(path.join(scratchFolder(), 'gpt-oss'), tinyWeights(0, tinyGptOss), tinyGptOss),
);
const { architecture } = checkpoint;

describe.each([
  ['all weights', allNames(architecture)],
  ['routers', routerNames(architecture, { bias: true })],
  ['experts', expertNames(architecture, { 0: [1, 3], 1: [2] })],
])('the size of what trains: %s', (_, names) => {
  it.each(['full', 'lora'] as const)('%s', parametrisation => {
    const settings = v.parse(TrainingSettingsSchema, { parametrisation, lora_r: 3, grad_accumulation: 2 });
    const size = trainableSize(architecture, names, settings);
    const { arrays, tuned } = parametersFor(checkpoint, names, settings);
    const lengths = [...arrays.values()].map(({ length }) => length);
    expect(size.elements).toBe(lengths.reduce((sum, length) => sum + length, 0));
    expect(size.additions).toBe(parametrisation === 'lora' ? arrays.size / 2 : 0);
    expect(bytesOfSize(size, arraysInTraining(settings))).toBe(tunedBytes(tuned));
  });
});

it('training keeps values, gradients, two moments and the best values; sums of gradients if it accumulates', () => {
  expect(arraysInTraining({ grad_accumulation: 1 })).toBe(5);
  expect(arraysInTraining({ grad_accumulation: 4 })).toBe(6);
});
