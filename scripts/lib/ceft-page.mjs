/** @file Makes the page of the CEFT view show all of its parts: a filled form with a wrong field, and a training under way. */
import { tell } from './routing-page.mjs';

const run = '/w/.router-lens/runs/20260101T100000Z-identify';
const choices = {
  model: { path: '/w/facts-moe', name: 'facts-moe' },
  runs: [{ folder: run, label: '20260101T100000Z-identify', k: 2, experts: 16 }],
  datasets: [
    {
      ...{ name: 'swap', train: '/w/data/swap_train.json' },
      ...{ dev: '/w/data/swap_dev.json', test: '/w/data/swap_test.json' },
    },
  ],
};
const form = {
  ...{ method: 'ceft', experts: run, k: '2', dataset: '/w/data/swap_train.json' },
  ...{ parametrisation: 'lora', epochs: '3', lr: '0.003', limit_train: 'most' },
};
const estimate = {
  ...{ state: 'done', fresh: true },
  result: {
    ...{ seconds: 95, memory_bytes: 412_000_000, trainable_parameters: 442_368, steps: 300 },
    ...{ samples: { train: 800, dev: 100, test: 200 }, problems: [] },
  },
};
const curve = (points, value) => Array.from({ length: points }, (_, i) => ({ step: i, value: value(i) }));
const training = {
  ...{ title: 'CEFT of facts-moe', run: '/w/.router-lens/runs/20260101T110000Z-finetune', resumable: false },
  progress: { phase: 'Training', fraction: 0.42, detail: 'step 126 of 300, loss 0.412', eta_seconds: 55 },
  ...{ loss: curve(126, i => 2 / (1 + i / 20)), dev: curve(4, i => 20 + 15 * i), dev_is_em: true },
};

/** @param phase of the training: one that runs takes the place of the estimate */
export async function showCeft(page, phase) {
  await tell(page, { type: 'form', form });
  await tell(page, { type: 'show', trusted: true, choices, estimate, training: { ...training, phase } });
  await page.locator('.sparkline').first().waitFor();
}
