/** @file Estimates against peaks of RssAnon that were measured on Linux with random OLMoE checkpoints. */
import { describe, expect, it } from 'vitest';

import type { LayerArchitecture } from './architecture';
import { olmoe } from './families/olmoe';
import {
  estimateMemory,
  expectedMemory,
  type Planned,
  samplesTogether,
  settleArena,
  type Workload,
} from './memory-estimate';
import type { MemoryPlan } from './memory-plan';

const megabyte = 1e6;
const mapped = { memoryMode: 'mapped', residentBytes: 0, arena: false } as const;

function architecture(layers: number, hidden: number, width: number, vocabulary: number) {
  return olmoe.describe({
    model_type: 'olmoe',
    vocab_size: vocabulary,
    hidden_size: hidden,
    intermediate_size: width,
    num_hidden_layers: layers,
    num_attention_heads: 16,
    num_key_value_heads: 16,
    num_experts: 64,
    num_experts_per_tok: 8,
    max_position_embeddings: 4096,
    rms_norm_eps: 1e-5,
    rope_theta: 10_000,
  });
}

function withHeads(layer: LayerArchitecture, heads: number): LayerArchitecture {
  return { ...layer, attention: { ...layer.attention, heads } };
}

const wide = architecture(2, 2048, 1024, 50_304);
const thin = architecture(16, 256, 64, 1000);

function work(samples: number, length: number, more: Partial<Workload>): Workload {
  const tokens = samples * length;
  const batch = { tokens, samples, length, rows: tokens, queries: length };
  return { batch, scored: 3 * samples, trains: false, ...more };
}

describe('estimateMemory, mapped', () => {
  it.each([
    ['a trace of 300 tokens with its attention', wide, work(1, 300, { keepsAttention: true }), 294],
    ['600 tokens forward', wide, work(8, 75, {}), 516],
    ['2400 tokens forward', wide, work(8, 300, {}), 750],
    ['a step of 600 tokens', wide, work(8, 75, { trains: true }), 548],
    ['a step of 1200 tokens', wide, work(8, 150, { trains: true }), 785],
    ['a step of 2400 tokens', wide, work(8, 300, { trains: true }), 813],
    ['a trace by many small layers', thin, work(1, 16, { keepsAttention: true }), 223],
    ['a step of many small layers', thin, work(1, 16, { trains: true }), 628],
  ])('%s: within a factor of 1.5 of what was measured', (_, description, piece, measured) => {
    const ratio = estimateMemory(description, mapped, piece) / (measured * megabyte);
    expect(ratio).toBeGreaterThan(1 / 1.5);
    expect(ratio).toBeLessThan(1.5);
  });
});

describe('decoding', () => {
  const row = 332 * 2 * (2048 + 2048) * 4;
  const piece = work(8, 300, { maxNewTokens: 32 });
  const least = estimateMemory(wide, mapped, piece);
  const within = (memoryBudget: number): Planned => ({
    architecture: wide,
    plan: { ...mapped, threads: 1, memoryBudget },
  });

  it('keeps a key and a value in each layer for every token of a row', () => {
    expect(least - estimateMemory(wide, mapped, work(8, 300, {}))).toBe(row);
  });

  it.each([
    ['all', 64e9, 8],
    // A tenth of the budget stays free.
    ['some', (least + 2.5 * row) / 0.9, 3],
    ['none but the first', least, 1],
  ])('keeps more rows where there is room: %s', (_, budget, rows) => {
    expect(Math.min(8, samplesTogether(within(budget), piece))).toBe(rows);
    const expected = expectedMemory(within(budget), piece);
    expect(expected).toBeLessThanOrEqual(budget);
    expect(expected).toBeGreaterThanOrEqual(least + (rows - 1) * row);
  });
});

describe('expectedMemory', () => {
  const plan = (memoryBudget: number): MemoryPlan => ({ ...mapped, threads: 1, memoryBudget });
  const piece = work(8, 150, { trains: true });

  it('of a step that saves what its backward pass reads: within a factor of 1.5 of what was measured', () => {
    const ratio = expectedMemory({ architecture: wide, plan: plan(64e9) }, piece) / (1239 * megabyte);
    expect(ratio).toBeGreaterThan(1 / 1.5);
    expect(ratio).toBeLessThan(1.5);
  });

  it('never more than the budget, where that does for the step', () => {
    const needed = estimateMemory(wide, mapped, piece);
    for (const budget of [needed, needed + 1e8, needed + 1e9]) {
      const expected = expectedMemory({ architecture: wide, plan: plan(budget) }, piece);
      expect(expected).toBeGreaterThanOrEqual(needed);
      expect(expected).toBeLessThanOrEqual(budget);
    }
  });
});

describe('arenas', () => {
  const tiny = architecture(3, 64, 32, 512);
  const step = work(4, 680, { trains: true });
  const within = (memoryBudget: number): Planned => ({
    architecture: tiny,
    plan: { memoryMode: 'resident', arena: true, threads: 1, memoryBudget, residentBytes: 4e6 },
  });

  it.each([
    ['stay where the budget has room for them', 64e9, true],
    ['go where it has not', 0.6e9, false],
  ])('%s', (_, budget, stays) => {
    const model = within(budget);
    settleArena(model, [step]);
    expect(model.plan.arena).toBe(stays);
  });

  it('without them: not less than the highest of 48 measured runs of the eight families', () => {
    const fourHeads = { ...tiny, layers: tiny.layers.map(layer => withHeads(layer, 4)) };
    const plan = { memoryMode: 'resident', residentBytes: 4e6, arena: false } as const;
    expect(estimateMemory(fourHeads, plan, step)).toBeGreaterThan(473 * megabyte);
  });
});

it('resident weights come on top', () => {
  const piece = work(1, 16, {});
  const plan = { memoryMode: 'resident', residentBytes: 5e9, arena: true } as const;
  expect(estimateMemory(thin, plan, piece)).toBeGreaterThan(5e9);
});
