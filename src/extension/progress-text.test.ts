/** @file Progress, times, sizes and checkpoints in words. */
import { expect, test } from 'vitest';

import { durationText, progressText } from './progress-text';
import { modelText, sizeText } from './workspace/model-text';

test('progress with and without an estimate', () => {
  const progress = { phase: 'Router tuning', fraction: 0.1, detail: 'step 12 of 300, loss 0.71' };
  expect(progressText(progress)).toBe('Router tuning: step 12 of 300, loss 0.71');
  expect(progressText({ ...progress, eta_seconds: 95 })).toBe(
    'Router tuning: step 12 of 300, loss 0.71 – 2 min left',
  );
});

test('progress at the start of a phase, which has no detail yet', () => {
  const progress = { phase: 'Router tuning', fraction: 0.1, detail: '' };
  expect(progressText({ ...progress, eta_seconds: 26 })).toBe('Router tuning – 26 s left');
});

test.each([
  [0.4, '0 s'],
  [59.4, '59 s'],
  [60, '1 min'],
  [7800, '2 h 10 min'],
])('%d seconds are %s', (seconds, text) => {
  expect(durationText(seconds)).toBe(text);
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [8_589_744, '8.59 MB'],
  [13_840_000_000, '13.8 GB'],
])('%d bytes are %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});

test('a checkpoint says its size, or why it is not supported', () => {
  const summary = { path: 'p', name: 'n', model_type: 'olmoe', supported: true, problems: [] };
  const sizes = { moe_layers: [0, 1], num_experts: 64, top_k: 8, bytes: 999 };
  expect(modelText({ ...summary, ...sizes, family: 'OLMoE' })).toBe(
    'OLMoE · 2 layers × 64 experts, top-8 · 999 B',
  );
  expect(modelText({ ...summary, supported: false, problems: ['model_type "bert" has no experts.'] })).toBe(
    'not supported: model_type "bert" has no experts.',
  );
});
