/** @file Checkpoints: what their files say, what the engine says, and that it is asked once. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { CheckpointSummary } from '../../protocol/jobs';
import { configText } from './checkpoint-config';
import {
  checkpointDescription,
  checkpointFacts,
  checkpointState,
  checkpointTooltip,
} from './checkpoint-rows';
import { Checkpoints, readCheckpoint } from './checkpoints';

let root: string;

function checkpoint(name: string, config: unknown, weights: Record<string, number> = {}): string {
  const folder = path.join(root, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    path.join(folder, 'config.json'),
    typeof config === 'string' ? config : JSON.stringify(config),
  );
  for (const [file, bytes] of Object.entries(weights))
    writeFileSync(path.join(folder, file), Buffer.alloc(bytes));
  return folder;
}

beforeAll(() => (root = mkdtempSync(path.join(tmpdir(), 'rl-checkpoints-'))));
afterAll(() => rmSync(root, { recursive: true }));

const mixtral = {
  model_type: 'mixtral',
  num_hidden_layers: 32,
  num_local_experts: 8,
  num_experts_per_tok: 2,
};
const summary: CheckpointSummary = {
  ...{ path: '', name: 'm', model_type: 'mixtral', family: 'Mixtral', supported: true, problems: [] },
  ...{ num_layers: 32, moe_layers: [0, 1], num_experts: 8, top_k: 2, bytes: 3000, dtype: 'BF16' },
};

describe('without the engine', () => {
  test('experts are found under the names of all families; all weight files count', async () => {
    const folder = checkpoint(
      'a',
      { ...mixtral, torch_dtype: 'bfloat16' },
      { 'a.safetensors': 1000, 'b.safetensors': 2000 },
    );
    const { config, problem } = await readCheckpoint(folder);
    expect(problem).toBeUndefined();
    expect(config && configText(config)).toBe('mixtral · 32 layers · 8 experts, top-2 · 3.00 kB · bfloat16');
    for (const field of ['num_experts', 'n_routed_experts'])
      expect((await readCheckpoint(checkpoint(field, { [field]: 16 }))).config?.experts).toBe(16);
  });

  test('what is no mixture of experts is not supported; what cannot be read says why', async () => {
    const dense = await readCheckpoint(checkpoint('dense', { model_type: 'llama', num_hidden_layers: 2 }));
    expect(checkpointState({ checkpoint: dense, chosen: false })).toBe('unsupported');
    expect(checkpointDescription({ checkpoint: dense, chosen: true })).toMatch(
      /^chosen · llama .*not supported/,
    );
    for (const content of ['{', { num_hidden_layers: 'many' }]) {
      const broken = await readCheckpoint(checkpoint('broken', content));
      expect(broken.config).toBeUndefined();
      expect(checkpointDescription({ checkpoint: broken, chosen: false })).toMatch(
        /^not supported: config\.json: /,
      );
      expect(checkpointFacts({ checkpoint: broken, chosen: false })[0][0]).toBe('Problem');
    }
  });
});

describe('with the engine', () => {
  test('it is asked once for each version of a checkpoint', async () => {
    const folder = checkpoint('asked', mixtral);
    let asked = 0;
    const checkpoints = new Checkpoints({
      request: () => Promise.resolve({ ...summary, num_layers: ++asked } as never),
    });
    const first = await readCheckpoint(folder);
    expect(checkpoints.known(first)).toBeUndefined();
    await Promise.all([checkpoints.inspect(first), checkpoints.inspect(first)]);
    expect(checkpoints.known(await readCheckpoint(folder))).toMatchObject({ num_layers: 1, path: folder });
    writeFileSync(path.join(folder, 'model.safetensors'), 'x');
    const changed = await readCheckpoint(folder);
    expect(checkpoints.known(changed)).toBeUndefined();
    await checkpoints.inspect(changed);
    expect(asked).toBe(2);
    checkpoints.forget();
    expect(checkpoints.known(changed)).toBeUndefined();
  });

  test('what it refuses is not supported, with the reason', async () => {
    const checkpoints = new Checkpoints({ request: () => Promise.reject(new Error('No tokenizer.')) });
    const refused = await readCheckpoint(checkpoint('refused', mixtral));
    const answer = await checkpoints.inspect(refused);
    const known = { checkpoint: refused, summary: answer, chosen: false };
    expect(checkpointState(known)).toBe('unsupported');
    expect(checkpointDescription(known)).toBe('not supported: No tokenizer.');
  });

  test('its files go by their names', async () => {
    const folder = checkpoint('cut', mixtral);
    const problem = `${path.join(folder, 'model.safetensors')}: Too short.`;
    const checkpoints = new Checkpoints({ request: () => Promise.reject(new Error(problem)) });
    const cut = await readCheckpoint(folder);
    const known = { checkpoint: cut, summary: await checkpoints.inspect(cut), chosen: false };
    expect(checkpointDescription(known)).toBe('not supported: model.safetensors: Too short.');
    expect(checkpointFacts(known)[0]).toEqual(['Problem', 'model.safetensors: Too short.']);
  });

  test('its facts are told in full', async () => {
    const known = { checkpoint: await readCheckpoint(checkpoint('full', mixtral)), summary, chosen: true };
    expect(checkpointState(known)).toBe('supported');
    expect(checkpointDescription(known)).toBe(
      'chosen · Mixtral · 2 layers × 8 experts, top-2 · 3.00 kB · BF16',
    );
    expect(checkpointTooltip(known)).toContain('Layers with experts: 2');
    expect(checkpointTooltip(known)).toContain('Chosen for traces and jobs.');
  });
});
