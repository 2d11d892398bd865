/** @file What the CEFT form offers and begins with. */
import { expect, test } from 'vitest';

import type { Run } from '../workspace/runs';
import { choicesOf, initialForm, withLikelyChoices } from './ceft-choices';

const run = (folder: string, model: string, changes: Partial<Run['record']> = {}): Run => ({
  ...{ folder, id: folder },
  record: {
    ...{ schema_version: 1, job: 'identify', status: 'done', created: '', settings: {} },
    model: {
      ...{ path: model, name: 'm', family: '', bytes: 1, config_sha256: '', weights_sha256: '' },
      ...{ num_layers: 1, moe_layers: [0], num_experts: 16, top_k: 2, parameters: 1 },
    },
    ...{ datasets: [], timings: {}, memory: {}, results: {} },
    engine: {
      ...{ router_lens: '0', onnxruntime: '0', node: '20', execution_provider: 'cpu', threads: 1 },
      memory_mode: 'resident',
    },
    ...changes,
  },
});
const datasets = [
  { name: 'alone', train: '/alone.json' },
  { name: 'swap', train: '/swap.json', dev: '/dev.json' },
];
const workspace = {
  model: '/m',
  runs: [
    run('listed', '/m', { settings: { k: 4 } }),
    run('plain', '/m/'),
    run('other', '/n'),
    run('tuned', '/m', { job: 'finetune' }),
    run('failed', '/m', { status: 'failed' }),
    run('empty', '/m'),
  ],
  datasets,
  has: (folder: string) => folder !== 'empty',
};

test('runs are offered that identified experts of the chosen checkpoint', () => {
  const { runs, model } = choicesOf(workspace);
  expect(model).toEqual({ path: '/m', name: 'm' });
  expect(runs.map(({ folder, k, experts }) => [folder, k, experts])).toEqual([
    ['listed', 4, 16],
    ['plain', 2, 16],
  ]);
  expect(choicesOf({ ...workspace, model: undefined })).toMatchObject({ runs: [] });
});

test('a form begins with the settings, and with the likeliest choices', () => {
  const form = initialForm({ training: { lr: 0.003, parametrisation: 'lora' }, limit_train: 64 });
  expect(form).toMatchObject({
    lr: '0.003',
    parametrisation: 'lora',
    limit_train: '64',
    limit_dev: '',
    epochs: '3',
  });
  const choices = choicesOf(workspace);
  expect(withLikelyChoices(form, choices, undefined)).toMatchObject({
    experts: 'listed',
    dataset: '/swap.json',
  });
  const chosen = withLikelyChoices(form, choices, datasets[0]);
  expect(chosen.dataset).toBe('/alone.json');
  expect(withLikelyChoices({ ...chosen, experts: 'plain' }, choices, datasets[1])).toMatchObject({
    ...{ experts: 'plain', dataset: '/alone.json' },
  });
  expect(withLikelyChoices(chosen, { runs: [], datasets: [] }, datasets[0])).toMatchObject({
    experts: '',
    dataset: '',
  });
});
