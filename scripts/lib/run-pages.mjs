/** @file Makes the pages about runs show all of their parts, with invented runs in the place of those of a workspace. */
import { tell } from './routing-page.mjs';

const layers = [0, 1, 2, 3];
const experts = 8;

const model = {
  ...{ path: '/w/small', name: 'small', family: 'olmoe', bytes: 2_000_000, parameters: 1_000_000 },
  ...{ config_sha256: 'ab', weights_sha256: 'cd', num_layers: 4, moe_layers: layers },
  ...{ num_experts: experts, top_k: 2 },
};
const record = (job, settings, changes = {}) => ({
  ...{ schema_version: 1, job, status: 'done', created: '2026-01-01T10:00:00Z', settings, model },
  datasets: [
    {
      ...{ split: 'train', path: '/w/data/swap_train.json', bytes: 10, sha256: 'ef' },
      ...{ samples: 160, used: 160, dropped: 0 },
    },
    {
      ...{ split: 'test', path: '/w/data/swap_test.json', bytes: 10, sha256: 'ab' },
      ...{ samples: 48, used: 48, dropped: 0 },
    },
  ],
  engine: {
    ...{ router_lens: '0.1.0', onnxruntime: '1.30.0', node: '20.0.0', execution_provider: 'cpu' },
    ...{ threads: 1, memory_mode: 'resident' },
  },
  timings: { 'Router tuning': 30, 'Fine-tuning': 40 },
  memory: { peak_resident: 600_000_000 },
  results: {
    ...{ trainable_parameters: 12_288, steps: 60 },
    ...{ base: { em: 25, f1: 30, samples: 48 }, tuned: { em: 70, f1: 75, samples: 48 } },
  },
  ...changes,
});

const metrics = Array.from({ length: 60 }, (_, step) => [
  {
    ...{ step, epoch: step / 20, loss: 2 / (1 + step / 10), lr: 1e-3, grad_norm: 1, tokens_per_s: 3000 },
    memory: 5e8 + step * 1e6,
  },
  ...(step % 10 === 9
    ? [{ step: step + 1, epoch: step / 20, split: 'dev', loss: 1.5 - step / 60, em: step, f1: step + 5 }]
    : []),
]).flat();

/** Layer → a number for each expert. */
const perExpert = value =>
  Object.fromEntries(
    layers.map(layer => [layer, Array.from({ length: experts }, (_, e) => value(layer, e))]),
  );
const listed = first => Object.fromEntries(layers.map(layer => [layer, [first, (layer + 3) % experts]]));
const statistics = {
  ...{ schema_version: 1, k: 2, top_k: 2, num_experts: experts, samples: 160 },
  ratio: { base: perExpert(() => 1 / experts), tuned: perExpert((layer, e) => ((layer + e) % 8) / 28) },
  count: { base: perExpert(() => 100), tuned: perExpert((_, e) => 25 * e) },
  ...{ ce: listed(1), oe: listed(2) },
};

const growing = [0, 10, 20].map(step => ({
  step,
  ratio: perExpert((layer, e) => (1 + (step / 20) * (((layer + e) % 8) / 3.5 - 1)) / experts),
}));

const folder = name => `/w/.router-lens/runs/${name}`;

export async function showTraining(page) {
  await tell(page, {
    ...{ type: 'run', folder: folder('20260101T100000Z-identify') },
    record: record('identify', { epochs: 3, batch_size: 8 }, { status: 'running' }),
    ...{ state: 'running', actions: ['stop', 'report', 'experts'], context_dependence: statistics },
  });
  await tell(page, { type: 'metrics', lines: metrics, from_start: true });
  await tell(page, { type: 'ratios', lines: growing, from_start: true });
  await page.locator('figure.chart').first().waitFor();
  await page.locator('.ratio-history summary').click();
  await page.getByRole('button', { name: 'Table' }).first().click();
  await page
    .getByRole('button', { name: /^Picture and numbers/ })
    .first()
    .click();
}

export async function showComparison(page) {
  const tuned = method => record('finetune', { method }, { experts: listed(2) });
  const runs = [
    {
      folder: folder('20260101T100000Z-identify'),
      record: record('identify', {}),
      metrics,
      experts: listed(1),
    },
    { folder: folder('20260101T110000Z-finetune'), record: tuned('ceft'), metrics, experts: listed(2) },
  ];
  await tell(page, { type: 'show', runs });
  await page.getByRole('button', { name: 'EM, %', exact: true }).click();
}

const estimate = (value, spread = 0.1) => ({
  ...{ value, low: value - spread, high: value + spread, samples: 48 },
});
const scores = em => ({
  ...{ em, f1: em + 5, samples: 48, em_interval: [em - 9, em + 9], f1_interval: [em - 4, em + 14] },
});
const byLayer = factor => layers.map(layer => estimate(factor * (0.2 + layer / 10)));
const span = { base: byLayer(1), tuned: byLayer(1.5), gain: byLayer(0.5), mean_of_gains: byLayer(0.5) };
const results = {
  attention: {
    ...{ context: span, answer: span, tokens: { sample: 0, tokens: [], base: [], tuned: [] } },
  },
  masking: {
    conditions: ['base', 'router-tuned', 'CE masked'].map((name, i) => ({
      ...{ name, masked: {}, scores: scores(30 + 10 * i), em_change: estimate(0) },
    })),
  },
  transfer: {
    rows: ['swap', 'reading'].map(name => ({ name, run: folder(name) })),
    columns: ['swap', 'reading'].map(name => ({ name, base: scores(25) })),
    cells: [30, -10].map(gain =>
      [0, 5].map(more => ({
        ...{ scores: scores(50), em_gain: estimate(gain + more, 8), f1_gain: estimate(gain, 8) },
      })),
    ),
  },
  patterns: {
    ...{ method: 'UMAP', experts: listed(1), datasets: ['swap', 'reading'] },
    samples: Array.from({ length: 80 }, (_, i) => ({
      ...{ dataset: i % 2, sample: i, x: Math.cos(i) + (i % 2), y: Math.sin(i), activations: [] },
    })),
  },
};

/** @param kind of the analysis */
export async function showAnalysis(page, kind = 'masking') {
  const result = { schema_version: 1, kind, ...results[kind] };
  const shown = record(`analyze-${kind}`, {});
  await tell(page, {
    type: 'show',
    folder: folder(`20260101T120000Z-analyze-${kind}`),
    record: shown,
    result,
  });
  await page.locator('main figure').first().waitFor();
}
