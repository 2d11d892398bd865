/** @file `inspect`: what a checkpoint is, and why another one cannot be used. */
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import * as v from 'valibot';
import { describe, expect, it } from 'vitest';

import { olmoe } from '../../src/model/families/olmoe';
import { requiredWeights } from '../../src/model/required-weights';
import { CheckpointSummarySchema } from '../../src/protocol/jobs';
import { runCli } from '../helpers/cli';
import { scratchFolder } from '../helpers/scratch';
import { tinyConfig, writeTinyCheckpoint } from '../helpers/tiny-checkpoint';

const scratch = scratchFolder();
const good = writeTinyCheckpoint(path.join(scratch, 'good'));
const parameters = requiredWeights(olmoe.describe(tinyConfig))
  .map(({ shape }) => shape.reduce((product, length) => product * length, 1))
  .reduce((sum, length) => sum + length, 0);

async function summary(folder: string): Promise<v.InferOutput<typeof CheckpointSummarySchema>> {
  const { code, stdout, stderr } = await runCli(['inspect', folder, '--json']);
  expect([code, stderr]).toEqual([0, '']);
  return v.parse(CheckpointSummarySchema, JSON.parse(stdout));
}

describe('inspect', () => {
  it('describes a supported checkpoint to people', async () => {
    const { code, stdout, stderr } = await runCli(['inspect', good]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^experts +4, top-2$/m);
    expect(stdout).toMatch(/^layers +2 \(2 with a router\)$/m);
    expect(stdout).toMatch(/^supported +yes$/m);
  });

  it('describes a supported checkpoint to programs', async () => {
    expect(await summary(good)).toMatchObject({
      path: good,
      name: 'good',
      model_type: 'olmoe',
      family: 'olmoe',
      supported: true,
      problems: [],
      num_layers: 2,
      moe_layers: [0, 1],
      num_experts: 4,
      top_k: 2,
      hidden_size: 16,
      vocabulary: 260,
      parameters,
      dtype: 'F32',
    });
  });

  it('says what is unsupported, and fails for people', async () => {
    const other = writeTinyCheckpoint(path.join(scratch, 'other'));
    writeFileSync(path.join(other, 'config.json'), JSON.stringify({ ...tinyConfig, model_type: 'phi' }));
    const { code, stdout, stderr } = await runCli(['inspect', other]);
    expect(code).toBe(2);
    expect(stdout).toMatch(/^supported +no$/m);
    expect(stderr).toMatch(/^router-lens: .*config\.json: model_type "phi" is not supported\. .*\n$/);
    expect(await summary(other)).toMatchObject({ supported: false, model_type: 'phi' });
  });

  it('names every problem, and still the sizes that are known', async () => {
    const broken = writeTinyCheckpoint(path.join(scratch, 'broken'));
    rmSync(path.join(broken, 'tokenizer.json'));
    const { supported, problems, num_experts } = await summary(broken);
    expect({ supported, num_experts }).toEqual({ supported: false, num_experts: 4 });
    expect(problems).toEqual([expect.stringContaining('tokenizer.json does not exist')]);
  });
});
